# What the stand-ins for Proxmox's programs share, for the lab and tests only: they are not Proxmox's programs and share no code with
# them. Configurations, storages, locks, file names, messages and exit codes are those that Proxmox documents and its users know.
# The host is what lies below $root: empty for a host of the lab, a folder in a test.
# What the shell can read by itself, no other program is started for: a program costs a host of the lab a tenth of a second.
root=${0%/*bin/*}
root=${root%/usr}
node=$(hostname)
pve=$root/etc/pve

# Ids of every VM of the cluster, with the node that has it: "101 pve".
all_vms() {
  for file in "$pve"/nodes/*/qemu-server/*.conf; do
    [ -f "$file" ] || continue
    id=${file##*/} of=${file%/qemu-server/*}
    echo "${id%.conf} ${of##*/}"
  done
}

# Node of a VM, or nothing.
node_of() { all_vms | while read -r id of; do [ "$id" != "$1" ] || echo "$of"; done; }

conf_of() { echo "$pve/nodes/$node/qemu-server/$1.conf"; }

# A line of a VM's configuration, without those of its snapshots.
setting() {
  while IFS= read -r line; do
    case $line in
      '['*) return ;;
      "$2: "*) echo "${line#"$2: "}"; return ;;
    esac
  done <"$(conf_of "$1")"
}

# Writes a line of a VM's configuration in the place of the one that is there; the file system of a cluster replaces files whole.
set_setting() {
  conf=$(conf_of "$1")
  { [ -z "$3" ] || echo "$2: $3"; grep -v "^$2: " "$conf" || :; } >"$conf.part" && mv "$conf.part" "$conf"
}

is_running() { [ -f "$root/run/qemu-server/$1.pid" ]; }

# "KEY VALUE" of each disk, in order.
disks_of() {
  sed -nE '/^\[/q; s/^((scsi|sata|ide|virtio)[0-9]+|efidisk0|tpmstate0): /\1 /p' "$(conf_of "$1")" | sort
}

# An option of a disk: option VALUE NAME
option() {
  rest=$1,
  while [ -n "$rest" ]; do
    part=${rest%%,*} rest=${rest#*,}
    case $part in "$2="*) echo "${part#"$2="}"; return ;; esac
  done
}

# Of a storage: its type, or one of its settings.
storage_type() {
  while read -r type id; do
    case $type in *:) [ "$id" != "$1" ] || { echo "${type%:}"; return; } ;; esac
  done <"$pve/storage.cfg"
}
storage_setting() {
  awk -v id="$1" -v key="$2" '/^[a-z]/ { is = ($2 == id) } is && $1 == key { print $2; exit }' "$pve/storage.cfg"
}

# The file or device of a volume such as "data:vm-101-disk-0"; fails for one that isn't there, in Proxmox's words.
volume_path() {
  store=${1%%:*} name=${1#*:}
  case $(storage_type "$store") in
    lvmthin)
      vg=$(storage_setting "$store" vgname)
      [ -e "/dev/$vg/$name" ] || { echo "no such logical volume $vg/$name"; return 1; }
      echo "/dev/$vg/$name"
      ;;
    dir)
      file=$(storage_setting "$store" path)/images/$name
      [ -e "$file" ] || { echo "volume '$1' does not exist"; return 1; }
      echo "$file"
      ;;
    *)
      echo "storage '$store' does not exist"
      return 1
      ;;
  esac
}

size_of() { if [ -b "$1" ]; then blockdev --getsize64 "$1"; else stat -Lc %s "$1"; fi; }

# As Proxmox says that it doesn't understand its arguments.
usage() {
  echo "$1" >&2
  exit 255
}
