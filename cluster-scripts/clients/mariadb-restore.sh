# What a restore asks of a MariaDB or MySQL server. A database of these can't be given another name: what it has is dumped
# before it goes.
. "$(dirname "$0")/mariadb.sh"

# of_database SQL: does the statements that it gives, of which one has the bytes of "name" for @name
of_database() {
  hex=$(printf %s "$name" | od -An -v -tx1 | tr -d ' \n')
  statements=$("$client" "$options" --batch --raw --skip-column-names \
    --execute="set @name = convert(unhex('$hex') using utf8mb4) collate utf8mb4_bin; $1") || return
  printf '%s\n' "$statements" | "$client" "$options" --batch --raw --skip-column-names
}

on_names() {
  "$client" "$options" --batch --raw --skip-column-names --execute="select hex(schema_name) from information_schema.schemata
    where schema_name not in ('information_schema', 'performance_schema', 'sys', 'mysql') and schema_name not regexp '^$busy[a-z0-9-]+$'"
}

on_restorers() {
  restorers_there
}

# "name" is the restoring job's.
on_mark() {
  "$client" "$options" --execute="create database if not exists \`$busy$name\`"
}

on_unmark() {
  there=$(ask "select schema_name from information_schema.schemata where schema_name = '$busy$name'") || return
  [ "$there" = x ] || "$client" "$options" --execute="drop database \`$busy$name\`"
}

# without_views DUMP...: one with --force has all else where there are views whose tables are gone, as when a database was dropped by mistake
without_views() {
  "$@" 2>"$asked.said"
  code=$?
  cat "$asked.said" >&2
  # It ends with 2 for any error; 1356 is a view that refers to what isn't there.
  if [ "$code" -eq 2 ] && [ -s "$asked.said" ] && ! grep -v '(1356)$' "$asked.said" >/dev/null; then code=0; fi
  return "$code"
}

on_keep() {
  whatever=without_views own="$own --force"
  if [ "$name" = "" ]; then dump_of "" --all-databases --flush-privileges; else dump_of "$name" --databases -- "$name"; fi
}

on_drop() {
  [ "$name" = mysql ] || of_database "select concat('drop database if exists \`', replace(@name, '\`', '\`\`'), '\`')"
}

# What this restore has made goes: of these, none has another name to get back.
on_back() {
  on_drop
}

# A text of one database has its name twice in its head: for one beside it, the runner puts another one there.
on_restore() {
  # Where it fails, the client writes the statement first: more of it than the exchange may have room for.
  mkfifo "$asked.said" || return
  grep -E '^(ERROR|[a-z-]+:) ' <"$asked.said" | cut -c 1-1000 >&2 &
  "$client" "$options" 2>"$asked.said"
  code=$?
  wait "$!"
  [ "$code" -eq 0 ] || return "$code"
  if [ -n "${OWN_SERVER:-}" ]; then still_lets_in; else "$client" "$options" --execute='flush privileges'; fi
}

# A line for each table of "name": its rows, a tab, its name.
on_count() {
  of_database "select concat('select count(*), ', quote(t), ' from ', t, ';') from (
    select concat('\`', replace(table_schema, '\`', '\`\`'), '\`.\`', replace(table_name, '\`', '\`\`'), '\`') as t
    from information_schema.tables where table_schema = @name and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')) as tables"
}

serve
