#!/bin/sh
# Makes the disk image that both lab hosts start from, as root (of a user namespace is enough).
# usage: build.sh WORK MMDEBSTRAP MODULES IMAGE
#   WORK holds sources.list and apt.conf; MODULES is the kernel's folder of modules; IMAGE is the file to make
set -eu
here=$(dirname "$0")
work=$1 mmdebstrap=$2 modules=$3 image=$4
root=$work/root

LAB_DPKG_CFG=$here/dpkg.cfg
export LAB_DPKG_CFG
perl "$mmdebstrap" --quiet --mode=root --variant=minbase \
  --include="$(paste -sd, "$here/packages.txt")" \
  --aptopt="$work/apt.conf" --aptopt='APT::Install-Recommends "false"' \
  --setup-hook='mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && cp "$LAB_DPKG_CFG" "$1/etc/dpkg/dpkg.cfg.d/lab"' \
  bookworm "$root" "$work/sources.list"

# Without sources or lists: a lab host has no way out, and nothing of this machine's set-up belongs in it.
rm -rf "$root"/etc/apt/sources.list* "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
# Keys belong to a lab, never to the image.
rm -f "$root"/etc/ssh/ssh_host_*

mkdir -p "$root/usr/lib/modules"
cp -a "$modules" "$root/usr/lib/modules/"
chroot "$root" depmod "$(basename "$modules")"
cp -r --preserve=mode "$here/files/." "$root/"
chown -R 0:0 "$root/etc" "$root/usr/local"
# LVM takes a User-Mode Linux disk for a disk only when told so.
sed -i 's/^devices {/devices {\n\ttypes = [ "ubd", 16 ]/' "$root/etc/lvm/lvm.conf"
# Asking dmeventd takes most of a second at each change of a volume, and no pool of the lab grows by itself. Each command that
# changes a volume fills the memory that it reserves: at 8 MiB that is 2,000 page faults of 50 microseconds.
sed -i 's/^activation {/activation {\n\tmonitoring = 0\n\treserved_memory = 64/' "$root/etc/lvm/lvm.conf"
# Nobody looks at the texts of each change, of which a run of tests would leave hundreds in one folder.
sed -i 's/^backup {/backup {\n\tarchive = 0/' "$root/etc/lvm/lvm.conf"
# A program for each file system that is mounted, to set the read-ahead of those that are NFS.
ln -s /dev/null "$root/etc/udev/rules.d/99-nfs.rules"
: >"$root/etc/resolv.conf"
mkdir -p "$root/var/log/journal" "$root/etc/lab"

chroot "$root" systemctl -q enable ssh.service lab-control.service prometheus-node-exporter.service
chroot "$root" systemctl -q disable nfs-server.service rpcbind.service rpcbind.socket nfs-client.target \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service
# Each unit costs a tenth of a second or more under User-Mode Linux, and a host of the lab has no console, EFI or FUSE.
chroot "$root" systemctl -q mask systemd-binfmt.service getty@tty1.service serial-getty@tty0.service \
  console-getty.service getty-static.service getty.target systemd-logind.service systemd-update-utmp.service \
  systemd-update-utmp-runlevel.service systemd-random-seed.service modprobe@configfs.service modprobe@drm.service \
  modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service dev-hugepages.mount dev-mqueue.mount \
  sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount

# Each generator is one more program at each boot and daemon-reload; a host of the lab needs that of fstab alone.
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/usr/lib/systemd/system-generators/*; do
  name=$(basename "$generator")
  [ "$name" = systemd-fstab-generator ] || ln -s /dev/null "$root/etc/systemd/system-generators/$name"
done

# User-Mode Linux sums up checksums byte by byte: with them, half of what removing many files takes.
truncate -s 16G "$image"
mke2fs -q -t ext4 -F -O ^metadata_csum -L lab-root -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$image"
rm -rf "$root"
