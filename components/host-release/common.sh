# The host's side of a release: its files are joined into one script, /opt/holdfast/JOB/release.sh.
# Data comes by standard input or as one quoted word; names are checked against a list of characters before use.
set -eu
umask 022

base=${0%/*}
# As a shell pattern for folders gives it.
base=${base%/}
job=${base##*/}
units=/etc/systemd/system
# The job's command for people, where its release has one: a link to the file that is called exactly like the job.
link=/usr/local/bin/$job
link_part=/usr/local/bin/.$job.part

# fail CAUSE [NEXT]: the one cause and the next step, said after everything is as it was before.
fail() {
  trap - EXIT
  set +e
  undo
  live=$(live_release)
  [ -n "$kept" ] || kept=${live:+"Release $live runs on."}
  # At a line of 64 KiB the command plugin waits for ever for somebody to read the rest: a cause is what another program printed.
  echo "$job: $1${undone:+ $undone} ${kept:-Nothing is live yet.}${2:+ Next: $2}" | fold -b -w 60000 >&2
  exit 1
}

# Replaced by the command that has something to undo.
undo() { :; }
undone=
# Set by a command after whose failure the live release no longer runs as it did.
kept=

# try WHAT NEXT COMMAND...: a program with a time limit of its own; what it printed is the cause if it fails.
try() {
  what=$1 next=$2
  shift 2
  status=0
  printed=$(timeout 120 "$@" 2>&1 </dev/null) || status=$?
  [ "$status" -ne 124 ] || fail "$what: no end after 120 s ($1)." "$next"
  [ "$status" -eq 0 ] || fail "$what: ${printed:-exit code $status of $1}." "$next"
}

# Name of the live release, or nothing.
live_release() {
  link=$(readlink "$base/current" 2>/dev/null) || return 0
  echo "${link##*/}"
}

# Names become paths, and words of lists that are split at blanks.
check_name() {
  case $1 in
    '' | .* | -* | *[!A-Za-z0-9@._-]*) fail "\"$1\" can't be the name of a release's file." ;;
  esac
}

# Units that a manifest names, one a line; nothing without a manifest.
units_in() {
  [ -f "$1" ] || return 0
  while read -r _ name; do
    case $name in *.service | *.timer | *.path | *.socket | *.mount) echo "$name" ;; esac
  done <"$1"
}

# Units of a release; nothing for the name of none.
units_of() {
  [ -z "$1" ] || units_in "$base/releases/$1/manifest"
}

# Units of this job that are, or may be, in /etc, one a line: by the record that lies beside the releases, as a release's folder
# can go. A version that kept none leaves the live release's manifest, or, where that is gone, those of the kept ones.
installed_units() {
  live=$(live_release)
  if [ -s "$base/units" ]; then
    cat "$base/units"
  elif [ -z "$live" ] || [ -f "$base/releases/$live/manifest" ]; then
    units_of "$live"
  else
    for name in $(kept_releases); do units_of "$name"; done | sort -u
  fi
}

# note_units NAMES: what `installed_units` gives from now on, also after a loss of power.
note_units() {
  if [ -n "$1" ]; then
    echo "$1" >"$base/units.part" && sync "$base/units.part" && mv -T -- "$base/units.part" "$base/units"
  else
    rm -f "$base/units"
  fi
}

# Whether a manifest names the job's command.
has_command() {
  [ -f "$1" ] && cut -c67- "$1" | grep -qxF -- "$job"
}

# Whether the link is there and leads into this job's releases. Nobody else makes such a one, so it is known by that.
is_link_ours() {
  [ "$(readlink "$link" 2>/dev/null)" = "$base/current/$job" ]
}

# Whether a unit is to be enabled: those with an [Install] section are.
is_installable() {
  grep -q '^\[Install\]' "$1" 2>/dev/null
}

# Held until the script ends: two operators' activations would mix their releases.
lock() {
  touch "$base/lock" 2>/dev/null || fail "can't write \"$base/lock\"." "df -h $base"
  exec 9>"$base/lock"
  flock -n 9 || fail "another activation of this job is running." "wait for it to end, then pulumi up again"
}
