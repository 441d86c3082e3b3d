# DATABASE_HOST and DATABASE_PORT come with the environment; the password file has three things in PEM, one behind the
# other: the client's certificate, the certificate of who signs the server's, and the client's key.
. "$(dirname "$0")/exchange.sh"

tell_certificates "$PASSWORD_FILE"
awk '/-----BEGIN CERTIFICATE-----/ { part += 1 } /-----BEGIN .*PRIVATE KEY-----/ { part = "key" } { print >("tls-" part) }' "$PASSWORD_FILE" || give_up 1
for part in 1 2 key; do
  [ -s "tls-$part" ] || {
    echo "the secret lacks a part: expected the client's certificate, the one of who signs the server's, and the client's key, each in PEM" >errors
    give_up 1
  }
done

# ctl ARGUMENT...
ctl() {
  ETCDCTL_API=3 etcdctl --endpoints="https://$DATABASE_HOST:$DATABASE_PORT" --cert=tls-1 --cacert=tls-2 --key=tls-key \
    --dial-timeout="${DIAL_TIMEOUT:-30s}" --command-timeout="${COMMAND_TIMEOUT:-5m}" "$@"
}

# etcdctl writes to a file alone.
snapshot() {
  rm -f "$SCRATCH/snapshot" "$SCRATCH/snapshot.part"
  ctl snapshot save "$SCRATCH/snapshot" >&2 && cat "$SCRATCH/snapshot" && rm "$SCRATCH/snapshot"
}

# check: reads a snapshot to its end, and says how many keys and revisions it has. Its last 32 bytes are the SHA-256 of the others, which
# "snapshot status" doesn't look at.
check() {
  cat >"$SCRATCH/back" || return
  said=$(tail -c 32 "$SCRATCH/back" | od -An -v -tx1 | tr -d ' \n')
  found=$(head -c -32 "$SCRATCH/back" | sha256sum | cut -d ' ' -f 1)
  [ "$said" = "$found" ] || {
    echo "its SHA-256 is $found, and it says $said" >&2
    return 1
  }
  status=$(ETCDCTL_API=3 etcdctl snapshot status "$SCRATCH/back" --write-out=json) || return
  rm "$SCRATCH/back"
  # Of all revisions that it holds, not only the newest of each key.
  printf '%s\n' "$status" | sed -n 's/.*"totalKey":\([0-9]*\).*/\1\tkeys in all revisions/p'
}

version=$(ctl version 2>errors) || give_up 1
# Clients from 3.5 on call a server unhealthy that takes no writes for want of space, which gives a snapshot all the same: the last one before
# somebody compacts it. One that calls itself corrupt is dumped by nobody.
ctl endpoint health >>errors 2>&1 || grep -q 'Active Alarm(s): \(NOSPACE *\)*$' errors || give_up 1
tell server "etcd, client $(printf '%s\n' "$version" | sed -n 's/^etcdctl version: //p')"
