# DATABASE_HOST, DATABASE_PORT and DATABASE_USER come with the environment, the password as a file: no argument and no
# variable has it.
. "$(dirname "$0")/exchange.sh"
[ -z "${OWN_SERVER:-}" ] || . "$(dirname "$0")/postgresql-own.sh"

PGHOST=$DATABASE_HOST
PGPORT=$DATABASE_PORT
PGUSER=$DATABASE_USER
PGPASSFILE=$PWD/pgpass
PGCLIENTENCODING=UTF8
PGCONNECT_TIMEOUT=30
PGAPPNAME=holdfast
export PGHOST PGPORT PGUSER PGPASSFILE PGCLIENTENCODING PGCONNECT_TIMEOUT PGAPPNAME
# In the form of libpq's password file, in which both of these stand for themselves behind a backslash.
password=$(sed 's/[\\:]/\\&/g' "${PASSWORD_FILE:-/credentials/password}") || give_up 1
printf '*:*:*:*:%s\n' "$password" >pgpass || give_up 1
unset password

# ask SQL: one value, with its line breaks and an x behind it, as a shell takes those at the end away
ask() {
  psql --no-psqlrc --no-password --tuples-only --no-align --quiet --set=ON_ERROR_STOP=1 --dbname="${asked_in:-postgres}" --command="$1" 2>"${lane}errors" && printf x
}

# conninfo NAME: as psql, pg_dump and pg_restore take it, whatever it has in it
conninfo() {
  quoted=$(printf %sx "$1" | sed "s/[\\\\']/\\\\&/g")
  printf "dbname='%s'" "${quoted%x}"
}

# Jobs that restore are known by roles that nobody logs in by.
forget='drop role "%s"'
restorers="coalesce((select string_agg(substr(rolname, length('$busy') + 1), ' ') from pg_roles where rolname ~ '^$busy[a-z0-9-]+$'), '')"

end_dumps="select pg_terminate_backend(pid) from pg_stat_activity where application_name = '$PGAPPNAME'"
dumps_there="pg_stat_activity where application_name = '$PGAPPNAME' and pid <> pg_backend_pid()"

# named OID: sets "name", "is_open" to 1 where it lets somebody connect, and "jobs" that restore; fails where there is no such database any
# more, as it may have been dropped since. All by one question, as each is a program of its own.
named() {
  name=$(ask "select case when datallowconn then 1 else 0 end || $restorers || '/' || datname::text from pg_database where oid = $1") || give_up 1
  [ "$name" != x ] || return
  name=${name%?x}
  is_open=${name%"${name#?}"}
  name=${name#?}
  jobs=${name%%/*}
  name=${name#*/}
}

# leave_out_closed OID
leave_out_closed() {
  ! named "$1" || leave_out "$name" "it lets nobody connect (datallowconn)"
}

version=$(ask "select current_setting('server_version') || '/' || $restorers") || give_up 1
version=${version%?x}
jobs=${version##*/}
tell server "PostgreSQL ${version%/*}"
