import { createHash } from "node:crypto";
import { belongsToAnother, checked, type OwnedJob, refuseOtherStack } from "../host-release/commands";

const root = "/etc/holdfast/credentials";

/** Folder with a job's secrets. Its unit names the files: LoadCredential=NAME:FOLDER/NAME. */
export function credentialsFolder(job: string): string {
  return `${root}/${checked("job", job)}`;
}

/**
 * Puts standard input in place as a job's secret, whole or not at all. Its first line is the SHA-256 of the rest: a
 * connection that breaks ends the input early, and half a key would look like one. The job has to be the stack's.
 */
export function writeCredential(owned: OwnedJob, name: string): string {
  const { job } = owned;
  const failed = `${job}: the credential ${checked("credential", name)} came in part, and wasn't changed. Next: pulumi up`;
  return [
    `set -eu; umask 077; d=${credentialsFolder(job)}; p=$d/.${name}.part`,
    refuseOtherStack(owned),
    "mkdir -p $d; chmod 0700 $d/.. $d; rm -f $p",
    "IFS= read -r sum; cat >$p",
    `[ "$(sha256sum <$p)" = "$sum  -" ] || { rm -f $p; echo "${failed}" >&2; exit 1; }`,
    `sync $p; mv -T $p $d/${name}`,
  ].join("; ");
}

/** What `writeCredential` reads: a line with the text's SHA-256, by which a broken connection is noticed, and the text. */
export function credentialInput(text: string): string {
  const whole = credentialText(text);
  return `${createHash("sha256").update(whole).digest("hex")}\n${whole}`;
}

/** What a secret is as a file. The engine's CLI cuts a final line break off what it is given, and OpenSSH reads no key without one. */
export function credentialText(text: string): string {
  return text.includes("PRIVATE KEY-----") && !text.endsWith("\n") ? `${text}\n` : text;
}

/** Removes a job's secret, and the folders that are empty then. What was handed to another stack stays. */
export function removeCredential(owned: OwnedJob, name: string): string {
  const { job } = owned;
  const folder = credentialsFolder(job);
  return [
    `if ${belongsToAnother(owned)}; then echo "${job}: it belongs to stack $o now, so the credential ${checked("credential", name)} stays."`,
    `else rm -f ${folder}/${name} ${folder}/.${name}.part && ` +
      `{ rmdir ${folder} ${root} ${root.slice(0, root.lastIndexOf("/"))} 2>/dev/null || true; }`,
    "fi",
  ].join("; ");
}
