# What a restore asks of a volume that an application has, which is FILES. Who reads this says what is the application's there (is_data),
# whether somebody uses it (unused), and how a dump is counted and checked. What is there is moved aside in it and never removed, but
# for what this restore has made itself.

# place NAME: "files" is what the application uses
place() {
  case $1 in
    files) printf %s "$FILES" ;;
    *) printf %s "$FILES/$own$1" ;;
  esac
}

# entries FOLDER COMMAND...: the command with each entry of the application's data there, logs of databases among them
entries() (
  cd "$1" || exit
  shift
  for entry in * .[!.]* ..?*; do
    if is_data "$entry"; then "$@" "./$entry" || exit; fi
  done
)

to() {
  mv "$2" "$1/"
}

# hex NAME
hex() {
  printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
  echo
}

# settle: what lies between two places, as one entry couldn't be moved or something was killed meanwhile, is the application's again
settle() {
  for between in "$FILES/$own"*.out "$FILES/$own"*.in; do
    [ -d "$between" ] || continue
    unused "$FILES" && entries "$between" to "$FILES" && rmdir "$between" && sync || return
  done
}

# out NAME: "files" goes there, all of it or none
out() {
  mkdir "$(place "$1").out" && entries "$FILES" to "$(place "$1").out" && mv "$(place "$1").out" "$(place "$1")"
}

# in_place NAME: "files", where nothing is, is what lies there
in_place() {
  mv "$(place "$1")" "$(place "$1").in" && entries "$(place "$1").in" to "$FILES" && rmdir "$(place "$1").in"
}

on_names() {
  settle || return
  [ -z "$(entries "$FILES" echo)" ] || hex files
  for entry in "$FILES/$own"*; do
    if [ -d "$entry" ]; then hex "${entry#"$FILES/$own"}"; fi
  done
}

on_aside() {
  unused "$(place "$name")" || return
  if [ "$name" = files ]; then out "$other" || return
  elif [ "$other" = files ]; then in_place "$name" || return
  else mv "$(place "$name")" "$(place "$other")" || return; fi
  sync
}

# What this restore has made of "name" goes, and what has the name "other" gets its own back; nothing has one if that is empty.
on_back() {
  # Of what hasn't all gone aside, nothing was made in its place yet, and what is still there is nobody's to remove.
  if [ -n "$other" ] && [ -d "$(place "$other").out" ]; then settle; return; fi
  [ -z "$other" ] || [ -d "$(place "$other")" ] || return 0
  entries "$(place "$name")" rm -rf -- || return
  [ "$name" = files ] || rmdir "$(place "$name")" || return
  [ -n "$other" ] || return 0
  in_place "$other" && sync
}

on_restore() {
  into=$(place "$other")
  [ -d "$into" ] || mkdir "$into" || return
  tar -C "$into" -xpof - && sync
}

on_count() {
  count "$(place "$name")"
}

on_check() {
  check
}
