import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";

// Loaded when it is needed: no other command has to wait for its curves.
const age = () => import("age-encryption");

/** Who can open a set: people with one of these keys, or whoever knows the passphrase. age allows one of the two for a file. */
export type Openers = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/**
 * Encrypts a set, as `age` does.
 * @throws {BadInput} for what is no age recipient
 */
export async function sealed(bytes: Uint8Array, openers: Openers): Promise<Uint8Array> {
  const encrypter = new (await age()).Encrypter();
  if ("passphrase" in openers) encrypter.setPassphrase(openers.passphrase);
  else
    for (const recipient of openers.recipients)
      try {
        encrypter.addRecipient(recipient);
      } catch {
        // A private key that is given by mistake isn't printed.
        throw new BadInput(
          `--recipient: ${recipient.startsWith("age1") ? JSON.stringify(recipient) : "one of them"} is no age recipient. Expected the public key that age-keygen prints, e.g. "age1qyqs…".`,
        );
      }
  return encrypter.encrypt(bytes);
}

/** A file with a passphrase, or with the private keys that age-keygen writes. */
export interface Key {
  readonly kind: "passphrase" | "identity";
  readonly file: string;
}

/** Text of a key's file, without the line's end. @throws {BadInput} when it can't be read or is empty */
export function keyText({ kind, file }: Key, folder: string): string {
  let text: string;
  try {
    text = readFileSync(resolve(folder, file), "utf8");
  } catch (error) {
    throw new BadInput(`--${kind}-file: it can't be read: ${errorText(error)}.`);
  }
  const trimmed = text.replace(/\r?\n$/, "");
  if (trimmed === "") throw new BadInput(`--${kind}-file: "${file}" is empty.`);
  return trimmed;
}

/** Why a set is of no use, or not with this key. */
export interface Unusable {
  readonly fault: string;
  readonly mayBeTheKey?: true;
}

/** What is sealed; why it can't be opened otherwise. */
export async function opened(bytes: Uint8Array, key: Key, folder: string): Promise<Uint8Array | Unusable> {
  const decrypter = new (await age()).Decrypter();
  const text = keyText(key, folder);
  if (key.kind === "passphrase") decrypter.addPassphrase(text);
  else
    for (const line of text.split(/\r?\n/).filter(each => each !== "" && !each.startsWith("#")))
      try {
        decrypter.addIdentity(line);
      } catch {
        throw new BadInput(
          `--identity-file: "${key.file}" has a line that is no age identity. Expected what age-keygen writes: lines that begin with AGE-SECRET-KEY-.`,
        );
      }
  try {
    return await decrypter.decrypt(bytes);
  } catch (error) {
    return { fault: `can't be opened with that ${key.kind}: ${errorText(error)}`, mayBeTheKey: true };
  }
}
