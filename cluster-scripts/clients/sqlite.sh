# FILES is the folder of an application that keeps its data in SQLite databases and in files beside them, and EXCLUDES
# what there isn't its data, a name a line.
# The container beside this one isn't of the account that the files belong to: it reads the pipes as one of its group.
EXCHANGE_UMASK=007
. "$(dirname "$0")/exchange.sh"

# What a restore has moved aside or made beside has a name that begins so, until somebody removes it.
own=.holdfast-
# How long somebody may hold a database locked.
lock_wait=${LOCK_WAIT_MS:-60000}
tab=$(printf '\t')
newline='
'

# sql DATABASE STATEMENT...: what a schema brings along runs no program and writes no file
sql() {
  sqlite3 -safe -batch -bail -init /dev/null -cmd ".timeout $lock_wait" "$@" </dev/null
}

# copy DATABASE TO: as of one instant. A backup that isn't in a transaction of its own begins anew with each write of
# somebody else's, and never ends beside one that goes on writing.
copy() {
  sqlite3 -batch -bail -init /dev/null -cmd ".timeout $lock_wait" "$1" begin 'select 1 from sqlite_master limit 1' ".backup main $2" </dev/null >/dev/null
}

# is_database FILE
is_database() {
  [ "$(head -c 15 "$1" 2>/dev/null | tr -d '\0')" = "SQLite format 3" ]
}

# is_data NAME: whether an entry of the working folder is the application's
is_data() {
  [ -e "$1" ] || [ -L "$1" ] || return 1
  case $1 in
    "$own"* | lost+found) return 1 ;;
  esac
  while IFS= read -r each; do
    [ "$each" != "$1" ] || return 1
  done <<EOF
$EXCLUDES
EOF
}

# is_log NAME: a database's log, which its copy has in it, and which comes and goes
is_log() {
  case $1 in
    *-wal | *-shm | *-journal) is_database "${1%-*}" ;;
    *) return 1 ;;
  esac
}

# below FOLDER FIND...: what find says of the application's data there
below() (
  cd "$1" || exit
  shift
  for entry in * .[!.]* ..?*; do
    if is_data "$entry"; then find "./$entry" "$@" || exit; fi
  done
)

# databases FOLDER: their paths. One with a line break in its path is copied as a file.
databases() {
  below "$1" -type f -size +0 ! -path "*$newline*" -exec sh -c '
    for file; do
      case $(head -c 15 "$file" | tr -d "\0") in "SQLite format 3") printf "%s\n" "$file" ;; esac
    done' sh {} +
}

# sound DATABASE
sound() {
  said=$(sql "$1" 'pragma integrity_check(3)' 2>&1)
  [ "$said" = ok ] || {
    printf '%s: %s\n' "$1" "$said" >&2
    return 1
  }
}

# copy_files ENTRY: what is deleted while it is copied is no fault; it is copied once more then, as cp may have stopped there
copy_files() {
  for try in 1 2 3 4 5; do
    LC_ALL=C cp -RPp "$1" "$SCRATCH/tree/" 2>"$SCRATCH/said" && return
    code=$?
    [ -e "$1" ] || [ -L "$1" ] || return 0
    ! grep -qv 'No such file or directory$' "$SCRATCH/said" || break
  done
  cat "$SCRATCH/said" >&2
  return "$code"
}

# gather: all that the application has, in "tree". Each database is as of one instant, and comes before the files that it
# speaks of: none of them is missing, but for what is deleted meanwhile.
gather() (
  rm -rf "$SCRATCH/tree" "$SCRATCH/made" && mkdir "$SCRATCH/tree" "$SCRATCH/made" && databases "$FILES" >"$SCRATCH/databases" || exit
  made=0
  while IFS= read -r path; do
    made=$((made + 1))
    sound "$FILES/$path" && copy "$FILES/$path" "$SCRATCH/made/$made" && sound "$SCRATCH/made/$made" || exit
  done <"$SCRATCH/databases"
  cd "$FILES" || exit
  for entry in * .[!.]* ..?*; do
    if is_data "$entry" && ! is_log "$entry"; then copy_files "./$entry" || exit; fi
  done
  cd "$SCRATCH/tree" || exit
  made=0
  while IFS= read -r path; do
    made=$((made + 1))
    rm -f "$path-wal" "$path-shm" "$path-journal" && cat "$SCRATCH/made/$made" >"$path" || exit
  done <"$SCRATCH/databases"
)

# archive: the tree, and no word of the folder that it is in
archive() (
  gather && cd "$SCRATCH/tree" || exit
  set --
  for entry in * .[!.]* ..?*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then set -- "$@" "./$entry"; fi
  done
  [ "$#" -gt 0 ] || {
    echo "$FILES has nothing in it: is this the volume of the application?" >&2
    exit 1
  }
  tar -cf - "$@" && rm -rf "$SCRATCH/tree" "$SCRATCH/made"
)

# The rows of a table, a tab, and its name. What has no page of its own is no table.
counts="select 'select count(*) || char(9) || ' || quote(replace(replace(name, char(10), ' '), char(9), ' ')) || ' from main.\"' || replace(name, '\"', '\"\"') || '\";'
  from sqlite_master where type = 'table' and rootpage > 0"

# count FOLDER: a line for each table, and for all that isn't in a table
count() {
  databases "$1" >"$SCRATCH/found" || return
  while IFS= read -r path; do
    sound "$1/$path" && sql "$1/$path" "$counts" >"$SCRATCH/counts" && sqlite3 -safe -batch -bail -init /dev/null "$1/$path" <"$SCRATCH/counts" >"$SCRATCH/counted" || return
    while IFS=$tab read -r rows table; do printf '%s\t%s: %s\n' "$rows" "${path#./}" "$table"; done <"$SCRATCH/counted"
  done <"$SCRATCH/found"
  below "$1" ! -type d -exec sh -c 'for file; do echo; done' sh {} + | wc -l | awk '{ printf "%d\tfiles\n", $1 }'
}

# check: an archive, which is its input
check() {
  rm -rf "$SCRATCH/back" && mkdir "$SCRATCH/back" && tar -C "$SCRATCH/back" -xpof - && count "$SCRATCH/back" && rm -rf "$SCRATCH/back"
}

[ -d "$FILES" ] && ls "$FILES" >/dev/null 2>errors || give_up 1
tell server "SQLite $(sqlite3 --version 2>errors | cut -d ' ' -f 1)"
