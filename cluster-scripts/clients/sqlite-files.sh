# All that an application has: its databases, each as of one instant, and its files.
. "$(dirname "$0")/sqlite.sh"

hand_over sqlite-files files archive && read_back check
finish
