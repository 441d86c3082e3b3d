# activate <MANIFEST: makes the staged files that the manifest names (lines "SHA256 NAME") the live release.
# Everything that can be found wrong is found before the switch; what fails after it is undone.
activate() {
  lock
  previous=$(live_release)
  part=$base/releases/.part
  hash= made= touched= had_link=
  # A connection that breaks mustn't stop the script between two steps.
  trap '' HUP PIPE
  trap 'fail "the activation was stopped by a signal."' INT TERM
  trap 'fail "the activation ended early."' EXIT
  undo() { undo_activation; }

  rm -rf -- "$part"
  try "no folder for the release" "df -h $base" mkdir -p "$part"
  cause=$(cat 2>&1 >"$part/manifest") || fail "the manifest wasn't written: $cause." "df -h $base"
  hash=$(sha256sum <"$part/manifest" | cut -c1-12)
  collect
  check_node
  try "the runner refuses its config" "mend the estate, then pulumi up" \
    /usr/bin/node "$part/$job.cjs" --config "$part/config.json" --check-config
  verify_units
  refuse_foreign_units
  refuse_foreign_command
  promote
  prepare_units
  prepare_command
  switch_over
  prune
  trap - EXIT
  echo "$hash" || :
}

# Copies what the manifest names. A staged file that was lost or altered is taken from the live release if that has it.
collect() {
  while read -r sum name; do
    check_name "$name"
    for source in "$base/staging/$name" "$base/current/$name" ''; do
      [ ! -f "$source" ] || [ "$(sha256sum <"$source" | cut -c1-64)" != "$sum" ] || break
    done
    [ -n "$source" ] || fail "\"$base/staging/$name\" isn't the file that was deployed." \
      "pulumi stack --show-urns, then pulumi up --replace with the urn of this file"
    try "\"$name\" wasn't copied" "df -h $base" cp -- "$source" "$part/$name"
  done <"$part/manifest"
  [ ! -f "$part/$job" ] || try "\"$job\" wasn't made executable" "ls -l $part" chmod 0755 "$part/$job"
  try "the release isn't on disk yet" "df -h $base" sync -- "$part"/*
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

# Names hold no spaces, so the unquoted lists below split where they should.
verify_units() {
  files=
  for unit in $(units_in "$part/manifest"); do files="$files $part/$unit"; done
  # Only these units' own faults count: the host's other units are its owner's business.
  [ -z "$files" ] || try "systemd refuses the units" "mend the estate, then pulumi up" \
    systemd-analyze verify --man=no --recursive-errors=no $files
}

# The names are those that operators know, so a unit that was installed by hand may be there already.
refuse_foreign_units() {
  ours=" $(units_of "$previous" | tr '\n' ' ') "
  for unit in $(units_in "$part/manifest"); do
    case $ours in *" $unit "*) continue ;; esac
    [ ! -e "$units/$unit" ] || fail "\"$units/$unit\" is there already and isn't Holdfast's; it was left as it is." \
      "systemctl disable --now $unit; mv $units/$unit /root/; then pulumi up"
  done
}

refuse_foreign_command() {
  has_command "$part/manifest" || return 0
  is_link_ours || { [ ! -e "$link" ] && [ ! -L "$link" ]; } ||
    fail "\"$link\" is there already and isn't Holdfast's; it was left as it is." "mv $link /root/; then pulumi up"
}

# The folder's name is its content's, so one that is there already is the same release, or a damaged one.
promote() {
  release=$base/releases/$hash
  if [ -d "$release" ] && diff -rq "$part" "$release" >/dev/null 2>&1; then
    rm -rf -- "$part"
  elif [ -d "$release" ]; then
    mv -T -- "$release" "$base/releases/.damaged"
    mv -T -- "$part" "$release"
    rm -rf -- "$base/releases/.damaged"
  else
    mv -T -- "$part" "$release"
    made=$release
  fi
  touch "$release"
}
