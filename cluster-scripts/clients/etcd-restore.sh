# A cluster whose etcd is lost runs no job: it comes back where it runs. What can be asked here is whether a snapshot is whole.
. "$(dirname "$0")/etcd.sh"

on_names() {
  :
}

on_check() {
  check
}

on_restore() {
  echo "an etcd comes back on the machine that it runs on, and by nobody else: docs/layers/cluster-dump.md, \"etcd\"" >&2
  return 1
}

serve
