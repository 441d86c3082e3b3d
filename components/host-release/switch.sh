# begin_switch: from here on a failure, a signal or an early end undoes what was done, until `switch_over` has succeeded.
begin_switch() {
  lock
  previous=$(live_release)
  installed=$(installed_units)
  part=$base/releases/.part
  hash= made= touched= had_link=
  # A connection that breaks mustn't stop the script between two steps.
  trap '' HUP PIPE
  trap 'fail "the activation was stopped by a signal."' INT TERM
  trap 'fail "the activation ended early."' EXIT
  undo() { undo_switch; }
}

# Writes the new units beside the old ones, and a second name for each old one: after this, switching and undoing need no space.
# Old and new ones are on record until the switch is done: a script that is killed within it leaves none that nobody knows.
prepare_units() {
  touched=$( { echo "$installed"; units_of "$hash"; } | sort -u)
  cause=$(note_units "$touched" 2>&1) || fail "it wasn't noted which units are this job's: $cause." "df -h $base"
  for unit in $touched; do
    rm -f "$units/.$unit.part" "$units/.$unit.undo"
    [ ! -f "$units/$unit" ] || try "the old \"$unit\" wasn't kept" "df -h /etc" ln "$units/$unit" "$units/.$unit.undo"
    [ ! -f "$release/$unit" ] || try "\"$unit\" wasn't written" "df -h /etc" cp -- "$release/$unit" "$units/.$unit.part"
  done
}

# As with the units: made beside its place, so that the switch is a rename.
prepare_command() {
  rm -f "$link_part"
  is_link_ours && had_link=yes
  has_command "$release/manifest" || return 0
  try "no folder for \"$link\"" "ls -ld ${link%/*}" mkdir -p "${link%/*}"
  try "\"$link\" wasn't made" "df -h ${link%/*}" ln -s -- "$base/current/$job" "$link_part"
}

# A service that is enabled runs all the time: it runs the new program only once it is started anew, and is live once it says
# that it is ready. What a timer starts is new by itself at the next run.
#
# The one switch: the link, then the units, then what systemd has of them. $release, called $hash, is live after it.
switch_over() {
  prepare_units
  prepare_command
  switched=yes
  point_current_at "$hash"
  [ ! -L "$link_part" ] || mv -T -- "$link_part" "$link"
  for unit in $touched; do
    if [ -f "$units/.$unit.part" ]; then
      mv -T -- "$units/.$unit.part" "$units/$unit"
    else
      try "\"$unit\" wasn't stopped" "systemctl status $unit" systemctl disable --now "$unit"
      rm -f "$units/$unit"
    fi
  done
  try "systemd doesn't reload" "systemctl daemon-reload" systemctl daemon-reload
  for unit in $(units_of "$hash"); do
    is_installable "$units/$unit" || continue
    case $unit in
      *.service)
        try "\"$unit\" isn't enabled" "systemctl status $unit" systemctl enable "$unit"
        try "\"$unit\" wasn't started" "systemctl status $unit; journalctl -n 20 -u $unit" systemctl restart "$unit"
        ;;
      *) try "\"$unit\" wasn't started" "systemctl status $unit" systemctl enable --now "$unit" ;;
    esac
  done
  end_switch
}

# The release is live and works, so nothing may take it back any more: a signal is late, and what fails is left over.
end_switch() {
  trap '' INT TERM
  trap - EXIT
  set +e
  # People keep the old command until its release is gone.
  has_command "$release/manifest" || ! is_link_ours || rm -f "$link"
  for unit in $touched; do rm -f "$units/.$unit.undo"; done
  note_units "$(units_of "$hash")" 2>/dev/null
  # A second name for what can say what it has begun and not ended: the release's folder may be gone when that is asked.
  mkdir -p "$base/live" && ln -f -- "$release/$job.cjs" "$release/config.json" "$base/live/"
  # When it became live, for people; a clock may be wrong, so the order is on record.
  touch "$release"
  echo "$hash" >>"$base/order"
}

point_current_at() {
  ln -sfn -- "releases/$1" "$base/current.part"
  mv -T -- "$base/current.part" "$base/current"
}

# Runs whatever the step that failed; each line is harmless where there is nothing to undo.
undo_switch() {
  if [ -n "${switched:-}" ]; then
    for unit in $touched; do
      if [ -f "$units/.$unit.undo" ]; then
        mv -T -- "$units/.$unit.undo" "$units/$unit"
      elif [ -n "$previous" ] && [ -f "$base/releases/$previous/$unit" ]; then
        cp -- "$base/releases/$previous/$unit" "$units/$unit" || undone="The old $unit isn't back: systemctl status $unit."
      else
        systemctl disable --now "$unit" >/dev/null 2>&1 || :
        rm -f "$units/$unit"
      fi
    done
    if [ -n "$had_link" ]; then
      is_link_ours || ln -s -- "$base/current/$job" "$link" || undone="The command isn't back: ln -s $base/current/$job $link."
    elif is_link_ours; then
      rm -f "$link"
    fi
    if [ -n "$previous" ]; then point_current_at "$previous"; else rm -f "$base/current"; fi
    systemctl daemon-reload || undone="systemd didn't reload the old units: systemctl daemon-reload."
    for unit in $installed; do
      is_installable "$units/$unit" || continue
      case $unit in
        *.service) systemctl enable "$unit" >/dev/null 2>&1 && systemctl restart "$unit" >/dev/null 2>&1 ;;
        *) systemctl enable --now "$unit" >/dev/null 2>&1 ;;
      esac || undone="The old $unit didn't start: systemctl status $unit."
    done
  fi
  for unit in $touched; do rm -f "$units/.$unit.part" "$units/.$unit.undo"; done
  rm -f "$link_part" "$base/units.part"
  [ -z "$touched" ] || note_units "$installed" 2>/dev/null
  rm -rf -- "$part" ${made:+"$made"}
}
