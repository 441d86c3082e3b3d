# stage NAME <TEXT: keeps a file for the next activation. Whole or not at all: an activation never sees half a file.
stage() {
  check_name "$1"
  part=$base/staging/.$1.part
  undo() { rm -f "$part"; }
  cause=$(mkdir -p "$base/staging" 2>&1 && cat 2>&1 >"$part") ||
    fail "\"$1\" wasn't staged: $cause." "df -h $base"
  mv -T -- "$part" "$base/staging/$1"
}

# room: reads "SHA256 BYTES" of a bundle that will be copied, and refuses it where it wouldn't fit. SFTP would say "Failure".
room() {
  read -r _ bytes
  # Staged file and release, and as much again for the file system's own bookkeeping.
  needed_kib=$((bytes / 512 + 1024))
  free_kib=$(df -P -k "$base" | awk 'NR == 2 { print $4 }')
  [ "$free_kib" -ge "$needed_kib" ] ||
    fail "no space for a release: \"$base\" has $free_kib KiB free, $needed_kib KiB are needed." "df -h $base"
}
