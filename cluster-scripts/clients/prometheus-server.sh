# A snapshot of all that a Prometheus has.
. "$(dirname "$0")/prometheus.sh"

version=$(wget -q -O - "$url/api/v1/status/buildinfo" 2>errors) || {
  [ -s errors ] || echo "nothing answers at $url" >errors
  give_up 1
}
tell server "Prometheus $(printf '%s\n' "$version" | sed -n 's/.*"version":"\([^"]*\)".*/\1/p')"

hand_over prometheus-blocks files archive && read_back check
finish
