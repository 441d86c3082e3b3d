# MAKE, CHECK and RESTORE are commands of the estate's own, texts for a shell.
. "$(dirname "$0")/exchange.sh"

make() {
  sh -c "$MAKE"
}

check() {
  sh -c "$CHECK"
}

tell server "a command of the estate's own"
