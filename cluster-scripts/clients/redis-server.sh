# All that a Redis server has, in its own format. Behind its end may be forty bytes with which the server has marked it.
. "$(dirname "$0")/redis.sh"

hand_over redis-rdb "" cli --rdb - && read_back check
finish
