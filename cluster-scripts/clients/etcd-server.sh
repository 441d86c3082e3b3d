# A snapshot of an etcd, with the sum that it brings.
. "$(dirname "$0")/etcd.sh"

hand_over etcd-snapshot "" snapshot && read_back check
finish
