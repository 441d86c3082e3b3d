case ${1:-} in
  stage) stage "$2" ;;
  room | activate | remove) "$1" ;;
  *) fail "release.sh knows stage, room, activate and remove, not \"${1:-}\"." ;;
esac
