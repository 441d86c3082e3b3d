# What a restore asks of an application's folder.
. "$(dirname "$0")/sqlite.sh"
. "$(dirname "$0")/volume-restore.sh"

# unused FOLDER: in none of its databases is somebody. One that isn't sound can't say.
unused() {
  databases "$1" >"$SCRATCH/found" || return
  while IFS= read -r path; do
    case $(sqlite3 -safe -batch -bail -init /dev/null -cmd '.timeout 2000' "$1/$path" 'pragma locking_mode = exclusive' 'begin exclusive' 'commit' 2>&1 </dev/null) in
      *locked*)
        echo "$path is open: what uses it would go on writing to what is moved aside. Scale it to 0" >&2
        return 1
        ;;
    esac
  done <"$SCRATCH/found"
}

serve
