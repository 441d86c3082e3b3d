import { z } from "zod";
import { credentialText } from "../../components/host-credential/commands";
import type { Estate } from "../../plan";
import { keptOutside } from "../../plan/estate/kept-outside";
import { BadInput } from "../bad-input";
import { doubledKeys } from "../doubled-keys";

const values = z.record(
  z.string(),
  z
    .string()
    .min(1, "is empty")
    // What is no text would be other bytes in the set, and verified as those.
    .refine(text => Buffer.from(text).toString() === text, "has half of a character")
    .transform(credentialText),
);

/**
 * What secrets are as files, by name: as `pulumi config get holdfast:secrets` prints them.
 * @param from where the text is from, for messages: never a part of it
 * @throws {BadInput} when it isn't that
 */
export function secretValues(text: string, from: string): Readonly<Record<string, string>> {
  const wanted = `expected an object of JSON, each secret's text by its name, as "pulumi config get holdfast:secrets" prints it`;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    // A parser's message quotes what it read.
    throw new BadInput(`--secrets: ${from} is no JSON, ${wanted}.`);
  }
  for (const { key, lines } of doubledKeys(text, data))
    throw new BadInput(
      `--secrets: ${JSON.stringify(key)} is twice in ${from}, in line ${lines.join(" and in line ")}: the first would be dropped. Keep the one of today.`,
    );
  const parsed = values.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.path[0];
  throw new BadInput(
    name === undefined
      ? `--secrets: ${from} is no object, ${wanted}.`
      : `--secrets: ${JSON.stringify(name)} ${issue?.code === "invalid_type" ? "is no text" : issue?.message}, ${wanted}.`,
  );
}

/**
 * The secrets that a set has to have, as files, by name.
 * @throws {BadInput} that names all that aren't given
 */
export function secretsOf(
  estate: Estate,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const names = keptOutside(estate);
  const missing = names.filter(name => !Object.hasOwn(given, name));
  if (missing.length > 0)
    throw new BadInput(
      `--secrets: ${missing.join(", ")} ${missing.length === 1 ? "isn't" : "aren't"} there, and keptIn says "break-glass" of ${missing.length === 1 ? "it" : "each"}. Nothing was written. Add what is missing, by another --secrets FILE where the stack doesn't have it.`,
    );
  return new Map(names.map(name => [name, given[name] ?? ""]));
}
