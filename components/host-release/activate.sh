# activate <MANIFEST: makes the staged files that the manifest names (lines "SHA256 NAME") the live release.
activate() {
  begin_switch
  [ -n "$previous" ] || undo() {
    undo_switch
    former_again
  }
  rm -rf -- "$part"
  try "no folder for the release" "df -h $base" mkdir -p "$part"
  cause=$(cat 2>&1 >"$part/manifest") || fail "the manifest wasn't written: $cause." "df -h $base"
  hash=$(sha256sum <"$part/manifest" | cut -c1-12)
  if [ "$hash" = "$(rolled_back)" ] && [ "$hash" != "$previous" ] && [ -n "$(newest_but "$hash")" ]; then
    [ -n "$previous" ] || put_back
    rm -f "$base/put-back"
    keep_rolled_back
    return
  fi
  collect
  verify_release "$part"
  promote
  switch_over
  rm -f "$base/rolled-back" "$base/put-back"
  prune
  echo "$hash" || :
}

# Somebody has gone back from this very release: another key or address of who deploys is no reason to make it live again.
keep_rolled_back() {
  rm -rf -- "$part"
  trap - EXIT
  echo "$job: release $hash was rolled back, so $previous runs on. Next: mend the estate or the program, then pulumi up; or," \
    "to have $hash again, on this host: sh $base/release.sh roll-back $hash" >&2 || :
  echo "$previous" || :
}

# Who has the resource replaced has the job removed before: what was live until then is made so again.
put_back() {
  asked=$hash
  hash=$(newest_but "$asked")
  release=$base/releases/$hash
  refuse_damaged
  verify_release "$release"
  switch_over
  previous=$hash
  hash=$asked
}

# A replacement of the resource has removed the job a moment ago. Where what is to follow is refused, what was live until then runs on:
# as it was, so that it isn't verified; where it doesn't start, nothing is live. To the engine it is gone, which is on record: where
# the job leaves the estate now, the script goes, and nothing before it.
former_again() {
  (
    # No earlier one, which may know nothing of what that one has begun.
    hash=$(tail -n 1 "$base/order")
    release=$base/releases/$hash
    installed= made= touched= switched= had_link=
    undo() { undo_switch; }
    refuse_damaged
    touch "$base/put-back"
    switch_over
  ) >/dev/null 2>&1 || :
}

# What the resource that brings a file is called after.
resource_of() {
  case $1 in "$job.cjs") echo bundle ;; *) echo "$1" ;; esac
}

# Copies what the manifest names. A staged file that was lost or altered is taken from the live release if that has it.
collect() {
  while read -r sum name; do
    check_name "$name"
    for source in "$base/staging/$name" "$base/current/$name" ''; do
      [ ! -f "$source" ] || [ "$(sha256sum <"$source" | cut -c1-64)" != "$sum" ] || break
    done
    [ -n "$source" ] || fail "\"$base/staging/$name\" isn't the file that was deployed." \
      "pulumi up --replace '**::$job-*-release-$(resource_of "$name")'"
    try "\"$name\" wasn't copied" "df -h $base" cp -- "$source" "$part/$name"
  done <"$part/manifest"
  [ ! -f "$part/$job" ] || try "\"$job\" wasn't made executable" "ls -l $part" chmod 0755 "$part/$job"
  try "the release isn't on disk yet" "df -h $base" sync -- "$part"/*
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
}

# Three releases stay: the live one and the two that were live before it. The switch is done and nothing undoes it, so
# what can't be deleted is left, and said. Names are hashes, so `ls` is safe to read.
prune() {
  for old in $(kept_releases | grep -vx "$hash" | tail -n +3); do
    cause=$(rm -rf -- "$base/releases/$old" 2>&1) || echo "$job: release $hash is live, but the old release $old wasn't deleted:" \
      "$cause. Next: rm -rf $base/releases/$old" >&2 || :
  done
}
