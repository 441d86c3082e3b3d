# roll-back [RELEASE]: makes a release live again that is kept; by default the one that was live before this one. It is
# verified as a new one is, and its units, config and program change at once. Credentials stay: an old key stays dead.
roll_back() {
  begin_switch
  [ -n "$previous$1" ] || fail "there is nothing to go back from."
  hash=${1:-$(newest_but "$previous")}
  [ -n "$hash" ] || fail "no other release is kept."
  [ "$hash" != "$previous" ] || fail "$hash is the live release."
  release=$base/releases/$hash
  [ -n "$(kept_releases | grep -xF -- "$hash")" ] || fail "no release \"$hash\" is kept." "sh $base/release.sh list"
  refuse_damaged
  verify_release "$release"
  # What was deployed last stays what was gone back from, however often one goes back; who has it again went back from nothing.
  left=$(rolled_back)
  left=${left:-$previous}
  [ -z "$left" ] || note_left
  switch_over
  rm -f "$base/rolled-back.undo"
  [ "$hash" != "$left" ] || rm -f "$base/rolled-back"
  echo "$job: release $hash is live in place of ${previous:-none}. pulumi up leaves it so until the estate or Holdfast's own program" \
    "gives the job another release: mend there what was wrong first." || :
}

# In place before the switch, as a script may be killed at any step of it: the next activation then knows what was gone back from.
note_left() {
  rm -f "$base/rolled-back.part" "$base/rolled-back.undo"
  cause=$(echo "$left" 2>&1 >"$base/rolled-back.part") || {
    rm -f "$base/rolled-back.part"
    fail "it wasn't noted what was gone back from: $cause." "df -h $base"
  }
  [ ! -f "$base/rolled-back" ] || ln "$base/rolled-back" "$base/rolled-back.undo"
  mv -T -- "$base/rolled-back.part" "$base/rolled-back"
  undo() {
    if [ -f "$base/rolled-back.undo" ]; then
      mv -T -- "$base/rolled-back.undo" "$base/rolled-back"
    else
      rm -f "$base/rolled-back"
    fi
    undo_switch
  }
}

# A release is called after its manifest, which has the sums of its files.
refuse_damaged() {
  [ "$(sha256sum <"$release/manifest" | cut -c1-12)" = "$hash" ] && (cd "$release" && sha256sum --check --status manifest) ||
    fail "the files of release $hash aren't those that were deployed." "another one of: sh $base/release.sh list"
}

# Names of the releases that are on the host, those first that were live last; those of a version that kept no order, by
# their times. What isn't called by a hash is somebody's own.
kept_releases() {
  { tac "$base/order" 2>/dev/null || :; ls -1t "$base/releases"; } |
    awk '/^[0-9a-f]+$/ && length == 12 && !seen[$0]++' | while read -r name; do
    [ ! -d "$base/releases/$name" ] || echo "$name"
  done
}

# Of the releases on the host but this one, the one that was live last.
newest_but() {
  kept_releases | grep -vxF -- "$1" | head -n 1
}

# Name of the release that somebody has gone back from and that no other has followed since, or nothing.
rolled_back() {
  cat "$base/rolled-back" 2>/dev/null || :
}

# list: the stack, then each release with when it last became live, which one was gone back from, then what isn't as the live
# one has it, some of it with what to do next.
list() {
  live=$(live_release)
  echo "stack $(cat "$base/owner" 2>/dev/null || echo '(none)')"
  for name in $(kept_releases 2>/dev/null); do
    state=kept
    [ "$name" != "$live" ] || state=live
    echo "$state $name $(date -u -r "$base/releases/$name" +%FT%TZ)"
  done
  left=$(rolled_back)
  [ -z "$left" ] || echo "left $left"
  for unit in $(units_of "$live"); do
    for file in $(missing_credentials "$base/current/$unit"); do
      echo "fault \"$unit\" can't start: \"$file\" isn't there. Next: pulumi up --replace '**::$job-*-credential-${file##*/}-file'"
    done
    # What lies in /etc for several units, by the beginning of their names or for all of a kind, changes this one too. Elsewhere it is a
    # distribution's or a container's.
    changes=$(systemctl show --property=DropInPaths --value "$unit" 2>/dev/null | tr ' ' '\n' | grep -e "/$unit[.]d/" -e '^/etc/' | head -n 1) || changes=
    [ -z "$changes" ] || echo "fault \"$unit\" is changed by $changes. Next: systemctl cat $unit"
    if ! cmp -s "$base/current/$unit" "$units/$unit"; then
      echo "fault \"$units/$unit\" isn't the release's"
    elif is_installable "$units/$unit" && ! systemctl is-enabled --quiet "$unit"; then
      echo "fault \"$unit\" isn't enabled"
    elif is_installable "$units/$unit" && ! systemctl is-active --quiet "$unit"; then
      echo "fault \"$unit\" isn't active. Next: systemctl start $unit"
    fi
  done
  if [ -n "$live" ] && [ ! -d "$base/releases/$live" ]; then
    echo "fault the live release $live isn't there. Next: sh $base/release.sh roll-back"
  elif [ -n "$live" ]; then
    (cd "$base/current" && sha256sum --check --status manifest) || echo "fault a file of the live release is damaged"
  fi
}
