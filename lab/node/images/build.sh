#!/bin/sh
# Makes the root folder of a container image as a tar archive, as root (of a user namespace is enough). Packages are unpacked and not
# configured: no script of theirs runs, and what an image does needs none.
# usage: build.sh WORK MMDEBSTRAP PACKAGES LAYER PROGRAM
#   WORK holds sources.list and apt.conf; PACKAGES is a list with commas; LAYER is the archive to make; PROGRAM is a file for /usr/bin, or nothing
set -eu
work=$1 mmdebstrap=$2 packages=$3 layer=$4 program=$5
root=$work/root

perl "$mmdebstrap" --quiet --mode=root --variant=extract --include="$packages" \
  --aptopt="$work/apt.conf" --aptopt='APT::Install-Recommends "false"' \
  bookworm "$root" "$work/sources.list"
rm -rf "$root"/etc/apt "$root"/var/lib/apt "$root"/var/cache "$root"/var/lib/dpkg "$root"/usr/share/doc \
  "$root"/usr/share/man "$root"/usr/share/locale "$root"/usr/share/info "$root"/dev/*
# A package's scripts would choose which one is meant.
[ ! -e "$root/usr/bin/mawk" ] || ln -s mawk "$root/usr/bin/awk"
[ -z "$program" ] || install -m 755 "$program" "$root/usr/bin/"
# One that no package owns before its scripts run.
mkdir -p "$root/tmp"
chmod 1777 "$root/tmp"
tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$layer" .
rm -rf "$root"
