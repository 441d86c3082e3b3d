# Runs once in a guest of its own, in the place of a host's first boot (lab-init): the archive of images on /dev/ubdd goes, unpacked, into
# containerd's store on the node's disk, /dev/ubdb. Every node starts from this disk. However it ends, the guest is switched off.
trap 'umount /opt/node; sync; echo o >/proc/sysrq-trigger; sleep 60' EXIT
PATH=/opt/node/bin:$PATH
mkdir -p /opt/node
mount /dev/ubdb /opt/node
modprobe overlay
containerd >/containerd.log 2>&1 &
containerd=$!
tries=0
until ctr version >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || { tail -5 /containerd.log; exit 1; }
  sleep 0.2
done
ctr -n k8s.io images import /dev/ubdd
ctr -n k8s.io images list -q >/opt/node/images.txt
kill $containerd
wait $containerd || :
