# What a command of the estate's own writes, as another one of its reads it.
. "$(dirname "$0")/command.sh"

hand_over command "" make && read_back check
finish
