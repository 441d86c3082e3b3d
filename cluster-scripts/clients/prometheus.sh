# FILES is the data folder of a Prometheus that answers at DATABASE_HOST and DATABASE_PORT.
# The container beside this one isn't of the account that the files belong to: it reads the pipes as one of its group.
EXCHANGE_UMASK=007
. "$(dirname "$0")/exchange.sh"

url="http://$DATABASE_HOST:$DATABASE_PORT"
# What a restore has moved aside or made beside has a name that begins so, until somebody removes it.
own=.holdfast-
# Names of the snapshots that runs have asked for and not removed yet.
asked="$FILES/snapshots/${own}asked"

# is_data NAME: whether an entry of the working folder is the server's
is_data() {
  [ -e "$1" ] || [ -L "$1" ] || return 1
  case $1 in
    "$own"* | lost+found) return 1 ;;
  esac
}

# forget: removes the snapshots of this run and of those that were cut. They keep what the server has long removed.
forget() {
  [ -e "$asked" ] || return 0
  while IFS= read -r name; do rm -rf "${FILES:?}/snapshots/${name:?}" || return; done <"$asked"
  rm "$asked"
}

# archive: the blocks of a snapshot that is asked for, with what the server has in memory
archive() (
  forget || exit
  answer=$(wget -q -O - --post-data= "$url/api/v1/admin/tsdb/snapshot") || {
    echo "the server gives no snapshot. Its API for that has to be on (--web.enable-admin-api), and its volume needs room for what it has in memory" >&2
    exit 1
  }
  name=$(printf '%s\n' "$answer" | sed -n 's/.*"status":"success".*"name":"\([0-9A-Za-z-]*\)".*/\1/p')
  [ -n "$name" ] || {
    printf 'the server has answered: %s\n' "$answer" >&2
    exit 1
  }
  [ -d "$FILES/snapshots/$name" ] || {
    echo "the server has made snapshots/$name, which isn't in this volume: is it another server's, or its data folder another one of the volume?" >&2
    exit 1
  }
  printf '%s\n' "$name" >>"$asked" && cd "$FILES/snapshots/$name" && tar -cf - . || {
    code=$?
    forget
    exit "$code"
  }
  forget
)

# count FOLDER NAMES: what the blocks there have, by their own word. NAMES has the paths of all files, also of those that aren't there.
count() (
  cd "$1" || exit
  blocks=0 samples=0 series=0
  for meta in */meta.json; do
    block=${meta%/*}
    [ -s "$meta" ] || continue
    [ "$(head -c 4 "$block/index" | od -An -v -tx1 | tr -d ' \n')" = baaad700 ] || {
      echo "block $block has no index that can be read" >&2
      exit 1
    }
    grep -q "^\(\./\)*$block/chunks/[0-9]" "$2" || {
      echo "block $block has no chunks" >&2
      exit 1
    }
    mkdir -p "$block/chunks"
    blocks=$((blocks + 1))
    samples=$((samples + $(said numSamples "$meta")))
    series=$((series + $(said numSeries "$meta")))
  done
  [ "$samples" -gt 0 ] || {
    echo "it has no block with a sample in it" >&2
    exit 1
  }
  printf '%s\t%s\n' "$blocks" blocks "$samples" samples "$series" "series, counted in each block"
)

# said WORD META: a number that a block tells of itself
said() {
  sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p" "$2" | head -n 1
}

# to_its_end COMMAND...: its input is read to its end, whatever the command reads of it
to_its_end() {
  "$@"
  code=$?
  cat >/dev/null
  return "$code"
}

# check: reads an archive to its end. The chunks, which are nearly all of it, are looked at by their names alone, and need no room on the
# node's disk: their bytes are compared with those that were read from the volume.
check() (
  rm -rf "$SCRATCH/back" && mkdir "$SCRATCH/back" "$SCRATCH/back/tree" && cd "$SCRATCH/back" && mkfifo passing || exit
  # Busybox takes a name for a pattern by itself, and then misses an entry of that very name.
  patterns=
  case $(tar --version 2>/dev/null) in *GNU*) patterns=--wildcards ;; esac
  # Who has seen an archive's end reads no further, and tee would end with them.
  trap '' PIPE
  to_its_end tar -tf - <passing >names &
  tee passing | to_its_end tar -C tree $patterns -xf - './*/meta.json' './*/index' 2>said ||
    ! grep -iv 'not found in archive\|failure status' said >&2 || exit
  wait "$!" || exit
  count tree "$PWD/names" || exit
  if command -v promtool >/dev/null; then
    promtool tsdb list tree >/dev/null 2>said || {
      tail -n 3 said >&2
      exit 1
    }
  fi
  rm -rf "$SCRATCH/back"
)

[ -d "$FILES" ] && ls "$FILES" >/dev/null 2>errors || give_up 1
