# Each database of a PostgreSQL server as an archive, so that one comes back alone; and the roles that they all need.
. "$(dirname "$0")/postgresql.sh"

begin_alone
hand_over postgresql-roles "" pg_dumpall --no-password --database=postgres --globals-only

# dump_one OID
dump_one() {
  # Where it was dropped there is none to dump, and none is missing.
  named "$1" || return 0
  if [ "$is_open" != 1 ]; then
    leave_out_closed "$1"
    return 0
  fi
  [ -z "$jobs" ] || {
    hand_over postgresql-archive "$name" none_restores "$jobs"
    return
  }
  hand_over postgresql-archive "$name" \
    pg_dump --no-password --format=custom --lock-wait-timeout="${LOCK_WAIT_MS:-600000}" --dbname="$(conninfo "$name")" &&
    read_back pg_restore --file=-
}

# By numbers: a name may hold anything. Small ones first, so that a short night still has most of them.
databases=$(ask "select oid from pg_database where datname <> 'template0' order by datallowconn, pg_database_size(oid), oid") || give_up 1
side_by_side dump_one ${databases%x}
finish
