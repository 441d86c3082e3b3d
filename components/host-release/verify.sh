# verify_release FOLDER: everything that can be found wrong with a release is found before the switch.
verify_release() {
  candidate=$1
  check_node
  check_credentials
  try "the runner refuses its config" "mend the estate, then pulumi up" \
    /usr/bin/node "$candidate/$job.cjs" --config "$candidate/config.json" --check-config
  verify_units
  refuse_foreign_units
  refuse_foreign_command
  refuse_shadowing
  refuse_unknowing
}

# Debian 12 has 18.19: the oldest Node that runners are built for.
check_node() {
  next="apt-get install nodejs"
  version=$(timeout 60 /usr/bin/node --version 2>/dev/null) ||
    fail "Node missing or too old: no working /usr/bin/node, 18.19 or newer is needed." "$next"
  number=${version#v}
  major=${number%%.*}
  minor=${number#*.} minor=${minor%%.*}
  case $major$minor in
    '' | *[!0-9]*) fail "Node missing or too old: /usr/bin/node says \"$version\", 18.19 or newer is needed." "$next" ;;
  esac
  [ "$major" -gt 18 ] || { [ "$major" -eq 18 ] && [ "$minor" -ge 19 ]; } ||
    fail "Node missing or too old: /usr/bin/node is $version, 18.19 or newer is needed." "$next"
}

# A unit whose secret is gone would fail at its first run, at night.
check_credentials() {
  for unit in $(units_in "$candidate/manifest"); do
    for file in $(missing_credentials "$candidate/$unit"); do
      fail "\"$file\", which \"$unit\" loads, isn't there." \
        "pulumi up; where that changes nothing: docs/hosts.md, \"A host was rebuilt\""
    done
  done
}

# Secrets that a unit loads and that aren't there, by their paths, which hold no spaces.
missing_credentials() {
  for file in $(sed -n 's/^LoadCredential=[^:]*://p' "$1"); do
    [ -f "$file" ] || echo "$file"
  done
}

# Names hold no spaces, so the unquoted lists below split where they should.
verify_units() {
  files=
  for unit in $(units_in "$candidate/manifest"); do files="$files $candidate/$unit"; done
  # Only these units' own faults count: the host's other units are its owner's business.
  [ -z "$files" ] || try "systemd refuses the units" "mend the estate, then pulumi up" \
    systemd-analyze verify --man=no --recursive-errors=no $files
}

# The names are those that operators know, so a unit that was installed by hand may be there already.
refuse_foreign_units() {
  ours=" $(echo "$installed" | tr '\n' ' ') "
  for unit in $(units_in "$candidate/manifest"); do
    case $ours in *" $unit "*) continue ;; esac
    [ ! -e "$units/$unit" ] || fail "\"$units/$unit\" is there already and isn't Holdfast's; it was left as it is." \
      "systemctl disable --now $unit; mv $units/$unit /root/; then pulumi up"
  done
}

refuse_foreign_command() {
  has_command "$candidate/manifest" || return 0
  is_link_ours || { [ ! -e "$link" ] && [ ! -L "$link" ]; } ||
    fail "\"$link\" is there already and isn't Holdfast's; it was left as it is." "mv $link /root/; then pulumi up"
}

# A command in /usr/local/bin comes before the host's own program of that name: a job called "vzdump" would be started by
# whatever starts vzdump. PATH is that of who deploys, which may lack what a service's has.
refuse_shadowing() {
  has_command "$candidate/manifest" && ! is_link_ours || return 0
  ifs=$IFS IFS=:
  for folder in $PATH:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin; do
    IFS=$ifs
    [ "$folder" != "${link%/*}" ] && [ -x "$folder/$job" ] && [ ! -d "$folder/$job" ] || continue
    fail "a command \"$link\" would take the place of this host's own program \"$folder/$job\"." \
      "give the job another name in the estate, or remove that program; then pulumi up"
  done
  IFS=$ifs
}

# What the live release's program has begun and not ended, its next run takes care of. One that doesn't know of it would take
# what is there, half of a restore perhaps, for whole. The same program knows the same. Where its folder is gone, or the job was
# removed to be replaced, the second name that it has is asked.
refuse_unknowing() {
  knowing=$base/current
  [ -f "$knowing/$job.cjs" ] && [ -f "$knowing/config.json" ] || knowing=$base/live
  [ -f "$knowing/$job.cjs" ] && ! cmp -s "$knowing/$job.cjs" "$candidate/$job.cjs" || return 0
  begun=$(unfinished_by "$knowing") || return 0
  [ -n "$begun" ] || return 0
  known=$(unfinished_by "$candidate") || known=
  tab=$(printf '\t')
  while IFS=$tab read -r record what next; do
    [ -z "$(printf "%s\n" "$known" | cut -f1 | grep -xF -- "$record")" ] || continue
    fail "release $hash knows nothing of what has begun here and not ended, and its next run would take what is there for whole: $what ($record)." \
      "$next; then the same again"
  done <<LINES
$begun
LINES
}

# A line each: its record, what it is, what ends it. A version that doesn't know the word fails.
unfinished_by() {
  timeout 60 /usr/bin/node "$1/$job.cjs" --config "$1/config.json" --unfinished 2>/dev/null </dev/null
}
