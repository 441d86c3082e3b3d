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

# send OPTION...: what it reads is commands, as the protocol has them
send() {
  { resp AUTH "$DATABASE_USER" "$(cat "$PASSWORD_FILE")" && cat; } |
    case $DATABASE_HOST in
      /*) redis-cli -s "$DATABASE_HOST" --pipe "$@" ;;
      *) redis-cli -h "$DATABASE_HOST" -p "$DATABASE_PORT" --pipe "$@" ;;
    esac >&2
}

# may_give: whether the account may, and the server can, do what comes behind the emptying, which nothing can undo without it. It changes
# nothing: no key has a value without a byte. A server may have given a command away (rename-command). Where "echo" is refused, redis-cli waits for the end of its pipe.
may_give() {
  said=$(cli restore holdfast-may-give 0 '' 2>&1)
  case $said in
    NOPERM* | "ERR unknown command"*) ;;
    *) said=$(resp SELECT 0 | send --pipe-timeout 10 2>&1) && return ;;
  esac
  printf '%s\n' "$said" >&2
  return 1
}

# functions: those that it has, beside others that the other one has; before Redis 7 there are none
functions() {
  case $(beside function list) in '' | "ERR unknown command"*) return ;; esac
  beside --raw function dump | head -c -1 >"$SCRATCH/redis/functions" || return
  {
    printf '*4\r\n$8\r\nFUNCTION\r\n$7\r\nRESTORE\r\n$%d\r\n' "$(wc -c <"$SCRATCH/redis/functions")"
    cat "$SCRATCH/redis/functions" && printf '\r\n$7\r\nREPLACE\r\n'
  } | send
}

# give DATABASE: all keys of one of its numbered databases
give() {
  cursor=0
  while :; do
    beside -n "$1" --raw eval "$some_keys" 0 "$cursor" | {
      IFS= read -r cursor
      printf %s "$cursor" >"$SCRATCH/redis/cursor"
      { resp SELECT "$1" && cat; } | send
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

flush() {
  said=$(cli flushall 2>&1)
  [ "$said" = OK ] || {
    printf '%s\n' "$said" >&2
    return 1
  }
}

on_drop() {
  flush
}

# load: a server beside has what it reads, by the modules that the other one tells of
load() {
  rm -rf "$SCRATCH/redis" && mkdir "$SCRATCH/redis" && cat >"$SCRATCH/redis/dump.rdb" || return
  set -- --port 0 --databases "$most_databases" --unixsocket "$SCRATCH/redis/socket" --dir "$SCRATCH/redis" --dbfilename dump.rdb --save ''
  for module in $(cli module list 2>&1 | awk 'before == "path" { print } { before = $0 }'); do set -- "$@" --loadmodule "$module"; done
  redis-server "$@" >"$SCRATCH/redis/log" &
  server=$!
  until [ "$(beside ping 2>&1)" = PONG ]; do
    kill -0 "$server" 2>/dev/null || {
      { grep -E "rror|FATAL|an't load" "$SCRATCH/redis/log" || cat "$SCRATCH/redis/log"; } | tail -n 3 >&2
      return 1
    }
    sleep 1
  done
}

# Where the last restore has failed before it took anything away, what is to be put back is there.
is_untouched=
on_restore() {
  if [ -n "$is_untouched" ]; then
    is_untouched=
    cat >/dev/null
    return
  fi
  load || {
    is_untouched=yes
    return 1
  }
  code=0
  if may_give && functions && flush; then
    for database in $(beside info keyspace | sed -n 's/^db\([0-9]*\):.*/\1/p'); do give "$database" || code=$?; done
  else
    code=1 is_untouched=yes
  fi
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
