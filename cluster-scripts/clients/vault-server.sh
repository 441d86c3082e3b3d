# A snapshot of a Vault's raft storage, with the sums that it brings.
# DATABASE_HOST, DATABASE_PORT and SCHEME come with the environment; the password file has a token, and behind it, where the
# server's certificate isn't signed by somebody whom the image trusts, the certificate of who signs it, in PEM.
. "$(dirname "$0")/vault.sh"

tell_certificates "$PASSWORD_FILE"
# The client looks for its token in a file of this name: so it is in no argument and no variable.
export HOME="$PWD" VAULT_ADDR="$SCHEME://$DATABASE_HOST:$DATABASE_PORT" VAULT_CLIENT_TIMEOUT="${CLIENT_TIMEOUT:-10m}"
sed -n '/./{p;q;}' "$PASSWORD_FILE" >.vault-token && sed -n '/-----BEGIN CERTIFICATE-----/,$p' "$PASSWORD_FILE" >tls-ca || give_up 1
[ -s .vault-token ] || {
  echo "the secret is empty. Expected a token, and behind it the certificate of who signs the server's, in PEM" >errors
  give_up 1
}
[ ! -s tls-ca ] || export VAULT_CACERT="$PWD/tls-ca"

# Vault's own client writes to a file alone.
snapshot() {
  rm -f "$SCRATCH/snapshot"
  vault operator raft snapshot save "$SCRATCH/snapshot" >&2 && cat "$SCRATCH/snapshot" && rm "$SCRATCH/snapshot"
}

# It ends with 2 where the server is sealed, and says that on its standard output.
status=$(vault status -format=json 2>errors)
case $? in
  0) ;;
  2)
    case $status in
      *'"initialized": false'*) echo "the Vault was never initialised, and has nothing to dump: vault operator init; or is it another one than was meant?" ;;
      *) echo "the Vault is sealed, and gives nobody a snapshot: vault operator unseal" ;;
    esac >errors
    give_up 1
    ;;
  *) give_up 1 ;;
esac
tell server "Vault $(printf '%s\n' "$status" | sed -n 's/.*"version": *"\([^"]*\)".*/\1/p')"

# A token with a period lives for another one from now on, in seconds, and one without an end for 0. One that can't be renewed may be
# good for long.
if renewed=$(vault token renew -format=json 2>token-errors); then
  tell token-lives "$(printf '%s\n' "$renewed" | sed -n '/"auth"/,$s/.*"lease_duration": *\([0-9]*\).*/\1/p')"
else
  tell token-lives ''
fi

hand_over vault-snapshot "" snapshot && read_back check
finish
