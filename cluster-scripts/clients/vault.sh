# What is known of a snapshot of raft storage, without the Vault that it is of.
. "$(dirname "$0")/exchange.sh"

# check: reads a snapshot to its end, and says up to where in its server's log it goes. Each step writes a file, as a pipe would
# hide how the program before it ended.
check() (
  rm -rf "$SCRATCH/back" && mkdir "$SCRATCH/back" && cd "$SCRATCH/back" && cat >snapshot && gunzip -c <snapshot >tar && rm snapshot && tar -xmf tar && rm tar || exit
  for part in meta.json state.bin SHA256SUMS; do
    [ -s "$part" ] || {
      echo "it has no $part, or an empty one: is this a snapshot of raft storage?" >&2
      exit 1
    }
  done
  for part in meta.json state.bin; do
    grep -q "^[0-9a-f]\{64\} [ *]$part\$" SHA256SUMS || {
      echo "its SHA256SUMS has no sum of $part" >&2
      exit 1
    }
  done
  sha256sum -c SHA256SUMS >sums 2>&1 || {
    grep -v ': OK$' sums >&2
    exit 1
  }
  for word in Index Term; do
    number=$(sed -n "s/.*\"$word\":\([1-9][0-9]*\).*/\1/p" meta.json)
    [ -n "$number" ] || {
      echo "its meta.json has no $word: nothing was ever written to what it is of" >&2
      exit 1
    }
    printf '%s\traft %s\n' "$number" "$(printf %s "$word" | tr IT it)"
  done
  printf '%s\tbytes of state\n' "$(wc -c <state.bin | tr -d ' ')"
  rm -rf "$SCRATCH/back"
)
