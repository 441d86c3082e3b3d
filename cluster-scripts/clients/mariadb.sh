# DATABASE_HOST, DATABASE_PORT and DATABASE_USER come with the environment, the password as a file: no argument and no
# variable has it.
. "$(dirname "$0")/exchange.sh"
[ -z "${OWN_SERVER:-}" ] || . "$(dirname "$0")/mariadb-own.sh"

# In the form of an option file, where a backslash makes a quotation mark or a backslash stand for itself.
password=$(sed 's/[\\"]/\\&/g' "${PASSWORD_FILE:-/credentials/password}") || give_up 1
printf '[client]\nhost="%s"\nport=%s\nuser="%s"\npassword="%s"\n' \
  "$DATABASE_HOST" "$DATABASE_PORT" "$DATABASE_USER" "$password" >client.cnf || give_up 1
unset password
options=--defaults-file=$PWD/client.cnf

# MySQL's own images have none of MariaDB's names.
program() {
  if command -v "$1" >/dev/null; then echo "$1"; else echo "$2"; fi
}
client=$(program mariadb mysql)
# A command that is given the dump's.
whatever=
dump=$(program mariadb-dump mysqldump)
# MySQL's writes the rows of a statement in one line, of which nobody counts them, and which transactions there were, which a
# server that has had any takes from no dump.
case $("$dump" --version) in
  *MariaDB*) own= ;;
  *) own='--skip-extended-insert --no-autocommit --set-gtid-purged=OFF' ;;
esac

# ask SQL: what it gives, with its line breaks and an x behind it, as a shell takes those at the end away
ask() {
  "$client" "$options" --connect-timeout=30 --batch --raw --skip-column-names --execute="$1" 2>"${lane}errors" && printf x
}

# dump_of NAME OPTION...: as of one instant, for what InnoDB has
dump_of() {
  name=$1
  shift
  hand_over mariadb-sql "$name" $whatever "$dump" "$options" --single-transaction --quick --hex-blob --routines --events --triggers $own "$@"
}

# Jobs that restore are known by databases that have nothing in them.
forget='drop database `%s`'
restorers="coalesce((select group_concat(substr(schema_name, length('$busy') + 1) separator ' ') from information_schema.schemata where schema_name regexp '^$busy[a-z0-9-]+$'), '')"
# As its clients ask for the rows of a table.
end_dumps="select concat('kill ', id) from information_schema.processlist where info like 'SELECT /*!40001 SQL_NO_CACHE%', and what it prints"
dumps_there="information_schema.processlist where info like 'SELECT /*!40001 SQL_NO_CACHE%' and id <> connection_id()"

version=$(ask "select concat(version(), '/', $restorers)") || give_up 1
version=${version%?x}
jobs=${version##*/}
tell server "${version%/*}"
