case ${1:-} in
  --stack=*)
    stack=${1#--stack=}
    shift
    ;;
esac
case ${1:-} in
  stage)
    refuse_other_stack
    stage "$2"
    ;;
  room | activate)
    refuse_other_stack
    "$1"
    ;;
  remove)
    if belongs_to_another; then
      echo "$job: it belongs to stack $theirs now, so nothing of it was removed."
    else
      remove
    fi
    ;;
  list) list ;;
  roll-back) roll_back "${2:-}" ;;
  *) fail "release.sh knows list, roll-back, stage, room, activate and remove, not \"${1:-}\"." ;;
esac
