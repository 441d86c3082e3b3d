# An empty PostgreSQL server for a drill. No password is asked for by a socket that only this account reaches.
PASSWORD_FILE=/dev/null
DATABASE_HOST=$SCRATCH/own DATABASE_PORT=5432 DATABASE_USER=postgres

# Folders of tablespaces are their server's: here, each has one beside its data.
tablespaces() {
  awk -v place="$place" '/^\\connect / { isMade = 1 }
    !isMade && /^CREATE TABLESPACE / {
      folder = place "/tablespace-" (count += 1)
      system("mkdir -m 700 " folder)
      sub(/ LOCATION E?\047.*\047;$/, " LOCATION \047" folder "\047;")
    }
    { print }'
}

# initdb runs as an account that the system has a name for, and no image has one for a pod's.
named() {
  if id -un >/dev/null 2>&1; then
    "$@"
    return
  fi
  echo "postgres:x:$(id -u):$(id -g)::$place:/bin/sh" >"$place/passwd"
  echo "postgres:x:$(id -g):" >"$place/group"
  LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=$place/passwd NSS_WRAPPER_GROUP=$place/group "$@"
}

begin() {
  named initdb --no-sync --encoding=UTF8 --locale=C --auth=trust --username="$DATABASE_USER" --pgdata="$place/data" >"$place/log" &&
    pg_ctl start --wait --silent --pgdata="$place/data" --log="$place/log" \
      --options="-k $place -h '' -c fsync=off -c shared_buffers=64MB -c dynamic_shared_memory_type=mmap"
}

end() {
  pg_ctl stop --silent --mode=immediate --pgdata="$place/data"
}

. "$(dirname "$0")/own-server.sh"
