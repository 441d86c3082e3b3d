# DATABASE_HOST, DATABASE_PORT and DATABASE_USER come with the environment, the password as a file: no argument and no
# variable has it.
. "$(dirname "$0")/exchange.sh"
# A server refuses a dump of one that is set to more databases than it is: 16, where it isn't told. Each takes some 3 kB.
most_databases=2048
[ -z "${OWN_SERVER:-}" ] || . "$(dirname "$0")/redis-own.sh"

# cli ARGUMENT...: the password is its input
cli() {
  case $DATABASE_HOST in
    /*) redis-cli -s "$DATABASE_HOST" --user "$DATABASE_USER" --askpass --no-auth-warning "$@" <"$PASSWORD_FILE" ;;
    *) redis-cli -h "$DATABASE_HOST" -p "$DATABASE_PORT" --user "$DATABASE_USER" --askpass --no-auth-warning "$@" <"$PASSWORD_FILE" ;;
  esac
}

# check: reads a dump to its end, and says how many keys it has that don't expire: those that do may be gone when they are
# counted again. redis-check-rdb ends with 0 also where it finds a fault.
check() {
  cat >"$SCRATCH/back" || return
  said=$(redis-check-rdb "$SCRATCH/back")
  rm "$SCRATCH/back"
  case $said in
    *"RDB looks OK"*) ;;
    *)
      printf '%s\n' "$said" | tail -n 3 >&2
      return 1
      ;;
  esac
  printf '%s\n' "$said" | awk '/^\[info\] [0-9]+ keys read/ { keys = $2 } /^\[info\] [0-9]+ expires/ { ends = $2 } END { printf "%d\tkeys that don'\''t expire\n", keys - ends }'
}

# redis-cli ends with 0 also where it is refused.
[ "$(cli ping 2>&1 | tee errors)" = PONG ] || give_up 1
tell server "Redis $(cli info server | sed -n 's/^redis_version:\([0-9.]*\).*/\1/p')"
