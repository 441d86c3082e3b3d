# What a restore asks of a Prometheus' folder.
. "$(dirname "$0")/prometheus.sh"
. "$(dirname "$0")/volume-restore.sh"

# unused FOLDER: no server answers that would go on writing to what is moved aside
unused() {
  if wget -q -O /dev/null "$url/-/healthy" 2>/dev/null; then
    echo "the server answers at $url, and would go on writing to what is moved aside. Scale it to 0" >&2
    return 1
  fi
}

on_count() {
  (cd "$(place "$name")" && find . -path '*/chunks/*') >"$SCRATCH/found" && count "$(place "$name")" "$SCRATCH/found"
}

serve
