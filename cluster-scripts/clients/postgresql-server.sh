# All databases, roles and tablespaces of a PostgreSQL server as one text.
. "$(dirname "$0")/postgresql.sh"

hand_over postgresql-sql "" pg_dumpall --no-password --database=postgres --lock-wait-timeout="${LOCK_WAIT_MS:-600000}"
finish
