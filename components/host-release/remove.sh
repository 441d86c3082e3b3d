# remove: ends the job and takes away units, command and link. The folder goes with the script itself; the runner's state
# (/var/lib/holdfast/JOB) and last metrics stay: other jobs read them, and a later release goes on from them.
remove() {
  lock
  ours=$(installed_units)
  kept="What was stopped stays so, and the rest of the job is still there."
  # Timers first, or one could start the service again. The service stops before its files go: its end is still reported.
  for unit in $(echo "$ours" | sort -r); do
    if is_installable "$units/$unit"; then
      try "\"$unit\" wasn't disabled" "systemctl status $unit" systemctl disable --now "$unit"
    fi
  done
  for unit in $ours; do
    # Of a switch that was killed.
    rm -f "$units/.$unit.part" "$units/.$unit.undo"
    [ -f "$units/$unit" ] || continue
    try "\"$unit\" wasn't stopped" "systemctl status $unit" systemctl stop "$unit"
    # When the timer last fired: left behind, a later release's timer would make up for all the time in between.
    systemctl clean --what=state "$unit" >/dev/null 2>&1 || :
    rm -f "$units/$unit"
  done
  try "systemd doesn't reload" "systemctl daemon-reload" systemctl daemon-reload
  for unit in $ours; do systemctl reset-failed "$unit" >/dev/null 2>&1 || :; done
  ! is_link_ours || rm -f "$link"
  rm -f "$base/current" "$base/units" "$base/put-back"
}
