# What a restore asks of a Redis server: a server beside it loads the dump, and gives the other one key by key.
. "$(dirname "$0")/redis.sh"

# resp WORD...: a command as the protocol has it
resp() {
  printf '*%d\r\n' "$#"
  for word; do printf '$%d\r\n%s\r\n' "$(printf %s "$word" | wc -c)" "$word"; done
}

# Some keys of the server beside, as commands that make them, behind the number with which it goes on.
some_keys="
  local found, made = redis.call('SCAN', ARGV[1], 'COUNT', 500), {}
  local function word(text) return '\$' .. #text .. '\\r\\n' .. text .. '\\r\\n' end
  for _, key in ipairs(found[2]) do
    local value = redis.call('DUMP', key)
    local ms = string.format('%d', math.max(0, redis.call('PTTL', key)))
    if value then made[#made + 1] = '*5\\r\\n' .. word('RESTORE') .. word(key) .. word(ms) .. word(value) .. word('REPLACE') end
  end
  return { found[1], table.concat(made) }"

beside() {
  redis-cli -s "$SCRATCH/redis/socket" "$@" </dev/null
}

# give DATABASE: all keys of one of its numbered databases
give() {
  cursor=0
  while :; do
    beside -n "$1" --raw eval "$some_keys" 0 "$cursor" | {
      IFS= read -r cursor
      printf %s "$cursor" >"$SCRATCH/redis/cursor"
      { resp AUTH "$DATABASE_USER" "$(cat "$PASSWORD_FILE")" && resp SELECT "$1" && cat; } |
        case $DATABASE_HOST in
          /*) redis-cli -s "$DATABASE_HOST" --pipe ;;
          *) redis-cli -h "$DATABASE_HOST" -p "$DATABASE_PORT" --pipe ;;
        esac >&2
    } || return
    cursor=$(cat "$SCRATCH/redis/cursor")
    [ "$cursor" != 0 ] || return 0
  done
}

on_names() {
  :
}

on_keep() {
  hand_over redis-rdb "" cli --rdb - && read_back check
}

on_drop() {
  [ "$(cli flushall)" = OK ]
}

on_restore() {
  rm -rf "$SCRATCH/redis" && mkdir "$SCRATCH/redis" && cat >"$SCRATCH/redis/dump.rdb" && [ "$(cli flushall)" = OK ] || return
  redis-server --port 0 --databases "$most_databases" --unixsocket "$SCRATCH/redis/socket" --dir "$SCRATCH/redis" --dbfilename dump.rdb --save '' >"$SCRATCH/redis/log" &
  server=$!
  code=0
  until [ "$(beside ping 2>&1)" = PONG ]; do
    kill -0 "$server" 2>/dev/null || {
      tail -n 3 "$SCRATCH/redis/log" >&2
      return 1
    }
    sleep 1
  done
  for database in $(beside info keyspace | sed -n 's/^db\([0-9]*\):.*/\1/p'); do give "$database" || code=$?; done
  kill "$server"
  wait "$server"
  return "$code"
}

on_count() {
  cli info keyspace | tr '=,' '  ' | awk '/^db/ { keys += $2 - $4 } END { printf "%d\tkeys that don'\''t expire\n", keys }'
}

on_check() {
  check
}

serve
