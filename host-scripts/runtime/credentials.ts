import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Refusal } from "./errors";
import { shell } from "./shell";

/**
 * Path of a secret: where systemd has loaded it for this unit, or for a run by hand where the deployment put it.
 * @see systemd.exec(5), LoadCredential=
 */
export function credentialFile(config: { readonly credentialsDir: string }, name: string): string {
  return join(process.env["CREDENTIALS_DIRECTORY"] ?? config.credentialsDir, name);
}

/** A secret's text without a final line break. It may be in no message. @throws {Refusal} when there is none */
export function readCredential(config: { readonly credentialsDir: string }, name: string): string {
  const file = credentialFile(config, name);
  try {
    return readFileSync(file, "utf8").replace(/\n$/, "");
  } catch (error) {
    throw new Refusal(
      `the credential "${name}" can't be read: ${messageOf(error)}`,
      shell`ls -l ${config.credentialsDir}; pulumi up puts it there`,
    );
  }
}
