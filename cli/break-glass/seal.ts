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

/** Why a set is of no use, or not with this key; and what somebody does who has nothing else. */
export interface Unusable {
  readonly fault: string;
  readonly next: string;
}

const firstLine = "age-encryption.org/v1\n";
const anotherCopy =
  "What is left of it is of no use: if another copy of the set is kept somewhere, verify that one.";

/** Of a file for a few keys; what follows is encrypted. */
const longestHeader = 64 * 1024;

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
  const head = Buffer.from(bytes.subarray(0, longestHeader)).toString("latin1");
  if (!head.startsWith(firstLine))
    return {
      fault: `is no file that age has encrypted: its first line isn't "${firstLine.trim()}"`,
      next: "Is it the set? Its name ends with .age, as export was told. " + anotherCopy,
    };
  try {
    return await decrypter.decrypt(bytes);
  } catch (error) {
    const why = errorText(error);
    if (!/no identity matched/.test(why))
      return {
        fault: `is damaged, or was cut: of ${bytes.length} bytes, not all are what age has written (${why})`,
        next: anotherCopy,
      };
    const isByWords = /^-> scrypt /m.test(head);
    if (isByWords !== (key.kind === "passphrase"))
      return {
        fault: `isn't opened by ${key.kind === "identity" ? "keys of age" : "a passphrase"}: ${isByWords ? "a passphrase has sealed it" : "it is sealed for keys that age-keygen has made"}`,
        next: `The same with ${isByWords ? "--passphrase-file" : "--identity-file"}.`,
      };
    return {
      fault: `isn't opened by that ${key.kind}`,
      next: `It is another one's, or was mistyped: nothing says that the file is damaged. Try each other ${key.kind} that there is before it is given up.`,
    };
  }
}
