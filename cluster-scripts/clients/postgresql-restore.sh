# What a restore asks of a PostgreSQL server. A database is given another name and never dropped, but for one that this
# restore has made itself. All is done from template1: what is renamed must have nobody in it, and where a restore was cut, there may be
# no "postgres".
asked_in=template1
. "$(dirname "$0")/postgresql.sh"

# What a database or the account has set for itself is for who uses it: a restore may write, and take its time.
export PGOPTIONS='-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0'

# sql DATABASE: runs its input, in which :"name" and :"other" stand for databases
sql() {
  psql --no-psqlrc --no-password --tuples-only --no-align --field-separator="$(printf '\t')" --quiet \
    --set=ON_ERROR_STOP=1 --set=name="$name" --set=other="$other" --dbname="$1"
}

on_names() {
  sql template1 <<'SQL'
select encode(convert_to(datname, 'UTF8'), 'hex') from pg_database where datname not in ('template0', 'template1') order by oid
SQL
}

on_restorers() {
  restorers_there
}

# "name" is the restoring job's.
on_mark() {
  name=$busy$name sql template1 <<'SQL'
select format('create role %I', :'name') where not exists (select from pg_roles where rolname = :'name') \gexec
SQL
}

on_unmark() {
  name=$busy$name sql template1 <<'SQL'
select format('drop role %I', rolname) from pg_roles where rolname = :'name' \gexec
SQL
}

on_aside() {
  sql template1 <<'SQL'
select format('alter database %I is_template false', datname) from pg_database where datname = :'name' and datistemplate \gexec
alter database :"name" rename to :"other";
SQL
}

# What this restore has made of "name" goes, and what has the name "other" gets its own back; nothing has one if that is empty.
on_back() {
  sql template1 <<'SQL'
select count(*) > 0 or :'other' = '' as "is_ours" from pg_database where datname = :'other' \gset
\if :is_ours
select pg_terminate_backend(pid) from pg_stat_activity where datname = :'name' \g /dev/null
select format('alter database %I is_template false', datname) from pg_database where datname = :'name' and datistemplate \gexec
drop database if exists :"name";
select format('alter database %I rename to %I', datname, :'name') from pg_database where datname = :'other' \gexec
\endif
SQL
}

# The account that this is done as stays as it is. Roles and tablespaces that the text makes may be there; nothing else may.
of_text() {
  role=$(printf %s "$DATABASE_USER" | sed 's/[.]/\\./g')
  if [ -n "${OWN_SERVER:-}" ]; then tablespaces; else cat; fi | sed "1,/^\\\\connect /{/^CREATE ROLE \"\{0,1\}$role\"\{0,1\};/d;/^ALTER ROLE \"\{0,1\}$role\"\{0,1\} /d;}" |
    PGOPTIONS="$PGOPTIONS -c lc_messages=C" psql --no-psqlrc --no-password --quiet --dbname=template1 --output=/dev/null 2>"$asked.said" || {
    cat "$asked.said" >&2
    return 1
  }
  if grep -E '(ERROR|FATAL|error):' "$asked.said" | grep -vE 'ERROR: +(role|tablespace) ".*" already exists' >&2; then return 1; fi
}

on_restore() {
  case $form in
    postgresql-roles) of_text ;;
    postgresql-sql)
      sql template1 <<'SQL' && of_text
select 'create database postgres template template0' where not exists (select from pg_database where datname = 'postgres') \gexec
SQL
      ;;
    *)
      if [ "$name" = template1 ]; then
        pg_restore --no-password --clean --if-exists --exit-on-error --dbname=template1
        return
      fi
      if [ "$other" = "$name" ]; then
        pg_restore --no-password --create --exit-on-error --dbname=template1
        return
      fi
      sql template1 <<'SQL' && pg_restore --no-password --exit-on-error --dbname="$(conninfo "$other")"
select format('create database %I template template0 encoding %L lc_collate %L lc_ctype %L', :'other', pg_encoding_to_char(encoding), datcollate, datctype) from pg_database where datname = :'name' \gexec
SQL
      ;;
  esac
}

# A line for each table of "name": its rows, a tab, its name.
on_count() {
  sql "$(conninfo "$name")" <<'SQL'
select format('select count(*), %L from only %I.%I', format('%I.%I', nspname, relname), nspname, relname)
  from pg_class join pg_namespace n on n.oid = relnamespace
  where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema' and format('%I.%I', nspname, relname) !~ '[\n\t]' \gexec
SQL
}

on_check() {
  pg_restore --file=-
}

serve
