# An empty Redis server for a drill. It takes any password, by a socket that only this account reaches.
PASSWORD_FILE=/dev/null
DATABASE_HOST=$SCRATCH/own/socket DATABASE_PORT=0 DATABASE_USER=default

begin() {
  redis-server --port 0 --databases "$most_databases" --unixsocket "$DATABASE_HOST" --dir "$place" --save '' --logfile "$place/log" &
  server_of_drill=$!
  until [ "$(redis-cli -s "$DATABASE_HOST" ping 2>&1)" = PONG ]; do
    kill -0 "$server_of_drill" 2>/dev/null || return 1
    sleep 1
  done
}

end() {
  kill "$server_of_drill"
}

. "$(dirname "$0")/own-server.sh"
