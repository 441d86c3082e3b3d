# An empty MariaDB server for a drill. No password is asked for by a socket that only this account reaches.
PASSWORD_FILE=/dev/null
DATABASE_HOST=localhost DATABASE_PORT=3306 DATABASE_USER=root MYSQL_UNIX_PORT=$SCRATCH/own/socket
export MYSQL_UNIX_PORT

# serving OPTION...
serving() {
  mariadbd --no-defaults --datadir="$place/data" --tmpdir="$place" --socket="$place/socket" --pid-file="$place/pid" --log-error="$place/log" \
    --skip-networking --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M "$@" &
  until [ -e "$place/pid" ]; do
    kill -0 $! 2>/dev/null || return 1
    sleep 1
  done
}

begin() {
  # As its image's own start does: else an account of the host's name is made, and there is none where nothing knows that name.
  mariadb-install-db --no-defaults --rpm --skip-test-db --auth-root-authentication-method=normal --datadir="$place/data" --tmpdir="$place" >"$place/log" &&
    serving
}

end() {
  kill "$(cat "$place/pid")" && while [ -e "$place/pid" ]; do sleep 1; done
}

# As the accounts of a dump are those of the server from then on, and theirs are other passwords.
still_lets_in() {
  "$client" "$options" --execute='select 1' >/dev/null 2>&1 || { end && serving --skip-grant-tables; }
}

. "$(dirname "$0")/own-server.sh"
