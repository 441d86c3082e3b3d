import { visible } from "../../plan/visible";

/** A value of an estate, with what its reader has to know of it. */
export class Noted {
  constructor(
    readonly value: unknown,
    readonly note: string,
  ) {}
}

export function noted(value: unknown, note: string): Noted {
  return new Noted(value, note);
}

/** What was guessed, for whoever edits. */
export function todo(value: unknown, note: string): Noted {
  return new Noted(value, `TODO: ${note}`);
}

/** Without the notes. */
export function plainOf(value: unknown): unknown {
  if (value instanceof Noted) return plainOf(value.value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, plainOf(inner)]),
  );
}

const widest = 100;

/** As TypeScript: what has no notes in it stands in a line where it fits. */
export function typeScriptOf(value: unknown, indent = ""): string {
  if (value instanceof Noted) return typeScriptOf(value.value, indent);
  const line = inLine(value);
  if (!hasNotes(value) && indent.length + line.length <= widest) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map(entry => memberOf("", entry, inner)).join("")}${indent}]`;
  if (!isMap(value)) return line;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{\n${members.map(([key, member]) => memberOf(`${keyOf(key)}: `, member, inner)).join("")}${indent}}`;
}

/** Notes stand above what takes several lines, and else behind it. */
function memberOf(name: string, value: unknown, indent: string): string {
  const text = `${indent}${name}${typeScriptOf(value, indent)},`;
  if (!(value instanceof Noted)) return `${text}\n`;
  return text.includes("\n")
    ? `${indent}${comment(value.note)}\n${text}\n`
    : `${text} ${comment(value.note)}\n`;
}

/** In one line, whatever a host has in its names: what follows a line's end would be code. */
export function comment(note: string): string {
  return `// ${visible(note).replace(/[\r\n\t]+/g, " ")}`;
}

function inLine(value: unknown): string {
  if (value instanceof Noted) return inLine(value.value);
  if (Array.isArray(value)) return `[${value.map(inLine).join(", ")}]`;
  if (!isMap(value)) return visible(JSON.stringify(value));
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return "{}";
  return `{ ${members.map(([key, member]) => `${keyOf(key)}: ${inLine(member)}`).join(", ")} }`;
}

function hasNotes(value: unknown): boolean {
  if (value instanceof Noted) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasNotes);
}

function keyOf(key: string): string {
  return /^[a-zA-Z_]\w*$/.test(key) ? key : visible(JSON.stringify(key));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Noted);
}
