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
    where schema_name not in ('information_schema', 'performance_schema', 'sys', 'mysql')"
}

on_keep() {
  if [ "$name" = "" ]; then dump_of "" --all-databases --flush-privileges; else dump_of "$name" --databases -- "$name"; fi
}

on_drop() {
  [ "$name" = mysql ] || of_database "select concat('drop database if exists \`', replace(@name, '\`', '\`\`'), '\`')"
}

# A text of one database has its name twice in its head: for one beside it, the runner puts another one there.
on_restore() {
  "$client" "$options" || return
  if [ -n "${OWN_SERVER:-}" ]; then still_lets_in; else "$client" "$options" --execute='flush privileges'; fi
}

# A line for each table of "name": its rows, a tab, its name.
on_count() {
  of_database "select concat('select count(*), ', quote(t), ' from ', t, ';') from (
    select concat('\`', replace(table_schema, '\`', '\`\`'), '\`.\`', replace(table_name, '\`', '\`\`'), '\`') as t
    from information_schema.tables where table_schema = @name and table_type = 'BASE TABLE') as tables"
}

serve
