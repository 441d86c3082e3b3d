# How a database's client hands its dumps over to the container beside it, which verifies and keeps them: each through a
# pipe of its own, so that no half of one is ever on a disk, and with the exit code of the program that made it.
set -u
umask "${EXCHANGE_UMASK:-077}"
cd "${EXCHANGE:-/exchange}" || exit 1

lane=
count=0
number=0
worst=0

# Held open for as long as this shell lives: its end is seen at once, whatever ended it.
mkfifo alive || exit 1
exec 9>alive

# tell FILE VALUE: appears whole or not at all. Where it can't, the exchange is full: this shell ends, as both sides would wait for one another.
tell() {
  printf %s "$2" >"$1.new" && mv "$1.new" "$1" || exit 1
}

# tell_certificates FILE: those that it has in PEM, so that somebody is told before one of them ends; nothing else of it, such as a key
tell_certificates() {
  tell certificates "$(awk '/^-----BEGIN / { text = ""; inside = /^-----BEGIN CERTIFICATE-----/ }
    inside { text = text $0 "\n" }
    /^-----END / { if (inside) printf "%s", text; inside = 0 }' "$1")"
}

# fail CODE
fail() {
  [ "$worst" -ne 0 ] || worst=$1
}

# What is offered next has a number of its own.
next() {
  count=$((count + 1))
  number=$lane$count
}

# hand_over FORM NAME COMMAND...: what the command writes is a dump of the database NAME; of what the whole server has
# without a name
hand_over() {
  next
  tell "$number.form" "$1"
  tell "$number.name" "$2"
  shift 2
  mkfifo "$number.data" || exit 1
  "$@" >"$number.data" 2>"$number.errors" 9>&-
  code=$?
  tell "$number.exit" "$code"
  [ "$code" -eq 0 ] || fail "$code"
  return "$code"
}

# read_back COMMAND...: the dump that was just kept goes through the command, and what it writes is judged
read_back() {
  mkfifo "$number.back" "$number.plain" || exit 1
  "$@" <"$number.back" >"$number.plain" 2>"$number.back-errors" 9>&-
  code=$?
  tell "$number.back-exit" "$code"
  [ "$code" -eq 0 ] || fail "$code"
}

# leave_out NAME REASON
leave_out() {
  next
  tell "$number.left" "$2"
  tell "$number.name" "$1"
}

# side_by_side COMMAND WORD...: the command is called for each word, in two lanes: while one of them waits for the server, the
# other one computes. Each numbers what it offers by itself; one that doesn't come to its end has left out something.
side_by_side() {
  each=$1
  shift
  lanes=
  for lane in a- b-; do
    (
      count=0
      turn=a-
      for word; do
        [ "$turn" != "$lane" ] || "$each" "$word"
        if [ "$turn" = a- ]; then turn=b-; else turn=a-; fi
      done
      tell "${lane}end" "$worst"
      exit "$worst"
    ) &
    lanes="$lanes $!"
  done
  for pid in $lanes; do
    wait "$pid" || fail "$?"
  done
  for ended in a- b-; do
    [ ! -e "${ended}end" ] || continue
    lane=
    mv "${ended}errors" errors
    give_up "$worst"
  done
  lane=
}

# finish: all was offered
finish() {
  tell done "$worst"
  exit "$worst"
}

# give_up CODE: what there is to dump isn't known
give_up() {
  [ -n "$lane" ] || tell broken "$1"
  exit "$1"
}

# Other jobs of a server know of a restore that is under way, or was cut, by what is called so there, with the restoring job's name behind it.
busy=holdfast_busy_

# none_restores JOBS: fails where there are any
none_restores() {
  [ -n "$1" ] || return 0
  echo "a restore by the job \"$1\" is under way in this server, or was cut: what there is may be the half of one" >&2
  return 1
}

# restorers_told JOBS: a line for each, and the statement that takes away what it is known by, for a server whose job is no more
restorers_told() {
  for job in $1; do printf "%s\t$forget\n" "$job" "$busy$job"; done
}

# begin_alone: nothing is dumped beside a restore
begin_alone() {
  none_restores "$jobs" 2>errors && return
  tell busy "$(restorers_told "$jobs")"
  give_up 1
}

# alone COMMAND...: a dump beside which nobody restores; who has begun to, meanwhile, is there at its end
alone() {
  "$@" || return
  jobs=$(ask "select $restorers") || {
    cat "${lane}errors" >&2
    return 1
  }
  none_restores "${jobs%?x}"
}

# restorers_there: how many dumps somebody takes of the server now, and what ends those that a dead pod has left there; then those that restore
restorers_there() {
  jobs=$(ask "select $restorers") && dumps=$(ask "select count(*) from $dumps_there") || {
    cat errors >&2
    return 1
  }
  printf '%s\t%s\n' "${dumps%?x}" "$end_dumps"
  restorers_told "${jobs%?x}"
}

# Where two jobs of one server make no sense, none has to know of another one's.
on_restorers() { echo 0; }
on_mark() { :; }
on_unmark() { :; }

# serve: does what the runner asks for, one thing after the other, for as long as it asks. Each line of the pipe "asked" is
# a word of files and pipes, and another one: for that there is a function on_WORD.
serve() {
  mkfifo asked || exit 1
  while read -r asked word; do
    # Names of databases, with their line breaks: what it is about, and what else.
    name=$(cat "$asked.name" && printf x)
    name=${name%x}
    other=$(cat "$asked.other" && printf x)
    other=${other%x}
    form=$(cat "$asked.form")
    mkfifo "$asked.in" "$asked.out" || exit 1
    "on_$word" <"$asked.in" >"$asked.out" 2>"$asked.errors" 9>&-
    tell "$asked.exit" "$?"
  done <asked
  tell done 0
}
