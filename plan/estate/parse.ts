import { z } from "zod";
import { type Estate, estateSchema } from "./schema";

/** One thing wrong with an estate, in the words of whoever has to mend it. */
export interface EstateFault {
  /** Where, e.g. `estate.layers["nfs-mirror"][0].budget`. */
  readonly path: string;
  /** The value found there, as JSON; "nothing" if absent. */
  readonly value: string;
  /** What is wrong and what is allowed. */
  readonly problem: string;
}

/** Every fault of an estate, at once. `message` has a line for each. */
export class EstateInvalid extends Error {
  constructor(readonly faults: readonly EstateFault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(`The estate has ${count}; nothing was changed.\n${faults.map(faultLine).join("\n")}`);
    this.name = "EstateInvalid";
  }
}

/**
 * Checks an estate and fills in its defaults.
 * @throws {EstateInvalid} with all faults: shape, grammar, and names that point nowhere
 */
export function parseEstate(input: unknown): Estate {
  const parsed = estateSchema.safeParse(input);
  if (!parsed.success) throw new EstateInvalid(parsed.error.issues.flatMap(issue => faultsOf(issue, input)));
  const dangling = references(parsed.data);
  if (dangling.length > 0) throw new EstateInvalid(dangling);
  return parsed.data;
}

function faultLine(fault: EstateFault): string {
  return `  ${fault.path}: ${fault.value} ${fault.problem}`;
}

function faultsOf(issue: z.core.$ZodIssue, input: unknown): EstateFault[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(key => ({
      path: pathText([...issue.path, key]),
      value: shown(valueAt(input, [...issue.path, key])),
      problem: `is a field that an estate doesn't have${allowedKeys(issue.path)}. Remove it, or mend its spelling`,
    }));
  const value = valueAt(input, issue.path);
  return [{ path: pathText(issue.path), value: shown(value), problem: problemOf(issue, value) }];
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && issue.code === "invalid_type")
    return `is missing: expected ${issue.expected}. Add it`;
  switch (issue.code) {
    case "invalid_type":
      return `has the wrong type: expected ${issue.expected}`;
    case "invalid_value":
      return `isn't one of ${issue.values.map(shown).join(", ")}`;
    case "too_small":
      return `is too small: expected at least ${issue.minimum}`;
    case "too_big":
      return `is too big: expected at most ${issue.maximum}`;
    default:
      return `: ${issue.message}`.replace(/^: (?=is |overlaps )/, "");
  }
}

/** The keys that the schema has at a path, for the fix of a misspelt one. */
function allowedKeys(path: readonly PropertyKey[]): string {
  let schema: unknown = estateSchema;
  for (const part of path) schema = childSchema(schema, part);
  return schema instanceof z.ZodObject ? ` (allowed: ${Object.keys(schema.shape).join(", ")})` : "";
}

function childSchema(schema: unknown, part: PropertyKey): unknown {
  let child: unknown;
  if (schema instanceof z.ZodObject) child = schema.shape[String(part)];
  else if (schema instanceof z.ZodRecord) child = schema.valueType;
  else if (schema instanceof z.ZodArray) child = schema.element;
  while (child instanceof z.ZodDefault || child instanceof z.ZodOptional) child = child.unwrap();
  return child;
}

function references(estate: Estate): EstateFault[] {
  const faults: EstateFault[] = [];
  const expectName = (path: readonly PropertyKey[], value: string, among: object, kind: string): void => {
    if (value in among) return;
    const known = Object.keys(among).map(shown).join(", ") || "none";
    faults.push({ path: pathText(path), value: shown(value), problem: `names no ${kind} (known: ${known})` });
  };
  for (const [hostName, host] of Object.entries(estate.hosts))
    for (const [mount, filesystem] of Object.entries(host.filesystems))
      expectName(
        ["hosts", hostName, "filesystems", mount, "disk"],
        filesystem.disk,
        host.disks,
        `disk of host ${hostName}`,
      );
  for (const [index, mirror] of estate.layers["nfs-mirror"].entries()) {
    const at = ["layers", "nfs-mirror", index];
    expectName([...at, "host"], mirror.host, estate.hosts, "host");
    expectName([...at, "alert", "receiver"], mirror.alert.receiver, estate.receivers, "receiver");
    const mounts = estate.hosts[mirror.host]?.filesystems;
    if (!mounts) continue;
    expectName([...at, "source"], mirror.source, mounts, `file system of host ${mirror.host}`);
    expectName([...at, "target"], mirror.target, mounts, `file system of host ${mirror.host}`);
  }
  return faults;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    input,
  );
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text =
    typeof value === "bigint" || typeof value === "function" || typeof value === "symbol"
      ? String(value)
      : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return /^[A-Za-z_]\w*$/.test(String(part))
      ? `${text}.${String(part)}`
      : `${text}[${JSON.stringify(String(part))}]`;
  }, "estate");
}
