# Each database of a MariaDB or MySQL server as a text, so that one comes back alone; the accounts are in "mysql".
. "$(dirname "$0")/mariadb.sh"

# By their bytes: a name may hold anything. Small ones first, so that a short night still has most of them.
databases=$(ask "select hex(s.schema_name) from information_schema.schemata s
  left join information_schema.tables t on t.table_schema = s.schema_name
  where s.schema_name not in ('information_schema', 'performance_schema', 'sys')
  group by s.schema_name order by sum(t.data_length), s.schema_name") || give_up 1
for hex in ${databases%x}; do
  # It may have been dropped since: then there is none to dump, and none is missing.
  name=$(ask "select schema_name from information_schema.schemata where hex(schema_name) = '$hex'") || give_up 1
  [ "$name" != x ] || continue
  name=${name%?x}
  dump_of "$name" --databases -- "$name"
done
finish
