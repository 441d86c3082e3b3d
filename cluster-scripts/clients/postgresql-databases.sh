# Each database of a PostgreSQL server as an archive, so that one comes back alone; and the roles that they all need.
. "$(dirname "$0")/postgresql.sh"

hand_over postgresql-roles "" pg_dumpall --no-password --database=postgres --globals-only

# dump_one OID
dump_one() {
  oid=$1
  # Where it was dropped there is none to dump, and none is missing.
  named "$oid" || return 0
  if [ "$(ask "select datallowconn from pg_database where oid = $oid")" != "t
x" ]; then
    leave_out_closed "$oid"
    return 0
  fi
  conninfo=$(ask "select 'dbname=''' || replace(replace(datname, '\\', '\\\\'), '''', '\\''') || '''' from pg_database where oid = $oid") || give_up 1
  hand_over postgresql-archive "$name" \
    pg_dump --no-password --format=custom --lock-wait-timeout="${LOCK_WAIT_MS:-600000}" --dbname="${conninfo%?x}" &&
    read_back pg_restore --file=-
}

# By numbers: a name may hold anything. Small ones first, so that a short night still has most of them.
databases=$(ask "select oid from pg_database where datname <> 'template0' order by datallowconn, pg_database_size(oid), oid") || give_up 1
side_by_side dump_one ${databases%x}
finish
