# The account that makes snapshots has no right to put one in the place of all that a Vault has. What can be asked here is whether a
# snapshot is whole.
. "$(dirname "$0")/vault.sh"

on_names() {
  :
}

on_check() {
  check
}

on_restore() {
  echo "a Vault comes back by hand, with the keys that unseal it: docs/layers/cluster-dump.md, \"Vault\"" >&2
  return 1
}

serve
