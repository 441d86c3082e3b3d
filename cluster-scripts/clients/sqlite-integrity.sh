# Whether an application's live databases are sound. Nothing is written to them.
. "$(dirname "$0")/sqlite.sh"

# look: a line for each database: whether it is sound, a tab, and its path. What can't be read, or not now, is no verdict.
look() {
  databases "$FILES" >"$SCRATCH/databases" || return
  [ -s "$SCRATCH/databases" ] || {
    echo "$FILES has no SQLite database: is this the volume of the application?" >&2
    return 1
  }
  while IFS= read -r path; do
    said=$(sql -readonly "$FILES/$path" 'pragma integrity_check(3)' 2>&1)
    code=$?
    case $code:$said in
      0:ok) printf '1\t%s\n' "${path#./}" ;;
      0:* | *malformed* | *"not a database"*)
        printf '0\t%s\n' "${path#./}"
        printf '%s: %s\n' "${path#./}" "$said" >&2
        ;;
      *)
        printf '%s: %s\n' "${path#./}" "$said" >&2
        return 1
        ;;
    esac
  done <"$SCRATCH/databases"
}

look >found 2>errors || give_up 1
tell looked "$(cat found)"
finish
