# All databases, roles and tablespaces of a PostgreSQL server as one text.
. "$(dirname "$0")/postgresql.sh"

begin_alone
hand_over postgresql-sql "" alone pg_dumpall --no-password --database=postgres --lock-wait-timeout="${LOCK_WAIT_MS:-600000}"
# pg_dumpall passes over these without a word.
closed=$(ask "select oid from pg_database where not datallowconn and datname <> 'template0'") || give_up 1
for oid in ${closed%x}; do leave_out_closed "$oid"; done
finish
