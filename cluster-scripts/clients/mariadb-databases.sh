# Each database of a MariaDB or MySQL server as a text, so that one comes back alone; the accounts are in "mysql".
. "$(dirname "$0")/mariadb.sh"

begin_alone

# dump_one HEX
dump_one() {
  # It may have been dropped since: then there is none to dump, and none is missing.
  name=$(ask "select concat($restorers, '/', schema_name) from information_schema.schemata where hex(schema_name) = '$1'") || give_up 1
  [ "$name" != x ] || return 0
  name=${name%?x}
  jobs=${name%%/*}
  name=${name#*/}
  [ -z "$jobs" ] || {
    hand_over mariadb-sql "$name" none_restores "$jobs"
    return
  }
  dump_of "$name" --databases -- "$name"
}

# By their bytes: a name may hold anything. Small ones first, so that a short night still has most of them.
databases=$(ask "select hex(s.schema_name) from information_schema.schemata s
  left join information_schema.tables t on t.table_schema = s.schema_name
  where s.schema_name not in ('information_schema', 'performance_schema', 'sys') and s.schema_name not regexp '^$busy[a-z0-9-]+$'
  group by s.schema_name order by sum(t.data_length), s.schema_name") || give_up 1
side_by_side dump_one ${databases%x}
finish
