# A dump as many a CronJob makes it, to be compared with: what the client writes goes through gzip into a file of today's
# name, and what is older than two weeks goes.
PGPASSWORD=$(cat "$PASSWORD_FILE")
export PGPASSWORD
pg_dumpall -h "$DATABASE_HOST" -p "$DATABASE_PORT" -U "$DATABASE_USER" | gzip >"$TARGET/dump_$(date +%Y_%m_%d).sql.gz"
find "$TARGET" -name 'dump_*.sql.gz' -mtime +14 -delete
