import { utils } from "ssh2";

export type SshKeyPair = ReturnType<typeof utils.generateKeyPairSync>;

/**
 * A new Ed25519 pair in OpenSSH's forms. Of those that ssh2 makes, one in some 200 has lost the zeros that a half of it begins
 * with, and can't be read by anybody (github.com/mscdex/ssh2/issues/1390): such a one isn't taken.
 */
export function sshKeyPair(): SshKeyPair {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    if (![pair.private, pair.public].some(text => utils.parseKey(text) instanceof Error)) return pair;
  }
}
