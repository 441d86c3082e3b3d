# A server of the image's own, in which a drill tries dumps: in a folder on the node's disk, reached by a socket there and by nobody
# else, and gone with the container. An engine's script of its own says how one is made: begin, which ends once it answers, and end.
place=$SCRATCH/own

# MariaDB's own is called log.err, whatever it is asked to write to.
log_end() {
  cat "$place"/log* 2>/dev/null | tail -n 10
}

tell room "$(df -Pk "$SCRATCH" | awk 'NR == 2 { print $2, $4 }')"
{ mkdir -m 700 "$place" && begin; } 2>errors 9>&- || {
  log_end >>errors
  give_up 1
}
# Why one is there no more, such as for want of room, its own log alone says: that is in the container's from then on.
trap 'end || log_end >&2; rm -rf "$place"' EXIT
trap 'exit 143' TERM
