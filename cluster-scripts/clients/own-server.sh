# A server of the image's own, in which a drill tries dumps: in a folder on the node's disk, reached by a socket there and by nobody
# else, and gone with the container. An engine's script of its own says how one is made: begin, which ends once it answers, and end.
place=$SCRATCH/own
tell room "$(df -Pk "$SCRATCH" | awk 'NR == 2 { print $2, $4 }')"
{ mkdir -m 700 "$place" && begin; } 2>errors 9>&- || {
  [ ! -s "$place/log" ] || tail -n 5 "$place/log" >>errors
  give_up 1
}
trap 'end; rm -rf "$place"' EXIT
trap 'exit 143' TERM
