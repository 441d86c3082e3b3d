# What a restore asks of commands of the estate's own: what is there now is known by a dump of it.
. "$(dirname "$0")/command.sh"

on_names() {
  :
}

# Asked first, before anything is changed.
on_keep() {
  [ -n "$RESTORE" ] || {
    echo "the estate has no command that restores it: by hand, as \"holdfast lose\" says" >&2
    return 1
  }
  hand_over command "" make && read_back check
}

on_restore() {
  sh -c "$RESTORE"
}

on_count() {
  make >"$SCRATCH/holdfast-now" && check <"$SCRATCH/holdfast-now"
  code=$?
  rm -f "$SCRATCH/holdfast-now"
  return "$code"
}

on_check() {
  check
}

serve
