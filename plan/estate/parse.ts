import { z } from "zod";
import { exampleAt } from "./example-at";
import { EstateInvalid, type EstateFault, pathText, shown } from "./faults";
import { plainData } from "./plain";
import { didYouMean } from "./lookup";
import { references } from "./references";
import { schedulesInYears } from "./schedules-in-years";
import { type Estate, estateSchema, schemaVersion } from "./schema";

export { EstateInvalid } from "./faults";

/**
 * Checks an estate and fills in its defaults.
 * @throws {EstateInvalid} with all faults: shape, grammar, and names that point nowhere
 */
export function parseEstate(raw: unknown): Estate {
  const input = plainData(raw);
  refuseNewer(valueAt(input, ["version"]));
  const parsed = estateSchema.safeParse(input);
  if (!parsed.success) throw new EstateInvalid(parsed.error.issues.flatMap(issue => faultsOf(issue, input)));
  const dangling = [...references(parsed.data), ...schedulesInYears(parsed.data)];
  if (dangling.length > 0) throw new EstateInvalid(dangling);
  return parsed.data;
}

/** What a later version means by its fields isn't known here: a list of unknown ones would help nobody. */
function refuseNewer(version: unknown): void {
  if (typeof version !== "number" || version <= schemaVersion) return;
  throw new EstateInvalid([
    {
      ...{ path: pathText(["version"]), value: shown(version) },
      problem: `is a later version of the schema than this holdfast reads, which is ${schemaVersion}. Install the holdfast that it was written for, or a later one: its package in place of the one in package.json and npm install, or git pull in a clone`,
    },
  ]);
}

function faultsOf(issue: z.core.$ZodIssue, input: unknown): EstateFault[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(key => ({
      path: pathText([...issue.path, key]),
      value: shown(valueAt(input, [...issue.path, key])),
      problem: unknownField(key, keysAt(issue.path)),
    }));
  const value = valueAt(input, issue.path);
  return [
    {
      path: pathText(issue.path),
      value: shownAt(issue.path, value),
      problem: problemOf(issue, value, input),
    },
  ];
}

/** A text where the name of a secret belongs may be the secret itself. */
function shownAt(path: readonly PropertyKey[], value: unknown): string {
  return typeof value === "string" && String(path.at(-1)).endsWith("Secret")
    ? `a text of ${value.length} characters`
    : shown(value);
}

function problemOf(issue: z.core.$ZodIssue, value: unknown, input: unknown): string {
  const likeIt = exampleAt(issue.path, input);
  const example = likeIt === undefined ? "" : `, e.g. ${likeIt}`;
  switch (issue.code) {
    case "invalid_type":
      return value === undefined
        ? `is given here, but the estate needs ${kinds[issue.expected] ?? issue.expected} there. Add it${example}`
        : `can't stand here: expected ${kinds[issue.expected] ?? issue.expected}${example}`;
    case "invalid_value":
      return `isn't one of ${issue.values.map(shown).join(", ")}${typeof value === "string" ? didYouMean(value.toLowerCase(), issue.values.map(String)) : ""}`;
    case "invalid_union":
      if (value === undefined) return `is given here, but the estate needs something there. Add it${example}`;
      return `has none of the forms that can stand here${example === "" ? ". Compare it with docs/estate.schema.json" : `: write it as in the example${example}`}`;
    case "too_small":
      return smallText(issue, example);
    case "too_big":
      return (
        numbersOwn("large", issue.origin, issue.message) ??
        `is too ${issue.origin === "number" || issue.origin === "int" ? "large" : "long"}: expected at most ${issue.maximum}${example}`
      );
    case "invalid_key":
      return `has a name that can't stand there: ${issue.issues[0]?.message ?? issue.message}`;
    default: {
      // A parser's own message begins with the text, which stands before it already.
      const begins = `${shown(value)} `;
      const said = issue.message.startsWith(begins) ? issue.message.slice(begins.length) : issue.message;
      // What a rule says of a value follows it as its verb; what is expected instead stands apart.
      return said.startsWith("expected ") ? `: ${said}` : said;
    }
  }
}

/** What may stand somewhere, in an operator's words. */
const kinds: Readonly<Record<string, string>> = {
  ...{ object: "fields in braces", record: "entries by name, in braces", array: "a list in brackets" },
  ...{ string: "a text in quotes", number: "a number", int: "a whole number", boolean: "true or false" },
};

function smallText({ origin, minimum, message }: z.core.$ZodIssueTooSmall, example: string): string {
  if (origin === "string" && minimum > 1)
    return `is too short: ${message.startsWith("expected ") ? message : `expected ${String(minimum)} characters or more${example}`}`;
  if (origin === "string") return `is empty: expected a text${example}`;
  const own = numbersOwn("small", origin, message);
  if (own !== undefined) return own;
  if ((origin === "number" || origin === "int") && minimum === 0)
    return `is too small: expected a number above 0${example}`;
  if (origin === "array" || origin === "set")
    return `has too few entries: expected ${String(minimum)} or more${example}`;
  return `is too small: expected at least ${String(minimum)}${example}`;
}

/** What the schema itself says of a number that is beyond its bounds; the library's own words ("Too small: ...") are left out. */
function numbersOwn(how: "small" | "large", origin: string, message: string): string | undefined {
  if (!["number", "int"].includes(origin) || /^Too (small|big)/.test(message)) return undefined;
  return message.startsWith("expected ") ? `is too ${how}: ${message}` : message;
}

function unknownField(key: string, allowed: readonly string[]): string {
  const known = allowed.length === 0 ? "" : ` (allowed: ${allowed.join(", ")})`;
  return `is a field that an estate doesn't have${known}${didYouMean(key, allowed) || ". Remove it, or mend its spelling"}`;
}

/** The keys that the schema has at a path, for the fix of a misspelt one. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = estateSchema;
  for (const part of path) schema = childSchema(schema, part);
  if (schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum)
    return schema.keyType.options.map(String);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function childSchema(schema: unknown, part: PropertyKey): unknown {
  let child: unknown;
  if (schema instanceof z.ZodObject) child = schema.shape[String(part)];
  else if (schema instanceof z.ZodRecord) child = schema.valueType;
  else if (schema instanceof z.ZodArray) child = schema.element;
  while (child instanceof z.ZodDefault || child instanceof z.ZodOptional) child = child.unwrap();
  return child;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    input,
  );
}
