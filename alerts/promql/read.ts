import { parsePromql, PromqlSyntaxError } from "./parse";
import type { Expr } from "./syntax";

type Read = Expr | PromqlSyntaxError;

const mostKnown = 2_000;
const known = new Map<string, Read>();

/** As `parsePromql`, with the fault as a value. A text is read once: an estate is planned anew for what follows from a finding. */
export function readPromql(text: string): Read {
  return remembered(known, text, readAnew);
}

const shapes = new Map<string, Read>();
const labelled = /="([\w.-]+)"/g;

/** The alerts of two hosts differ in the values of labels alone: they have one shape, which is read once. */
function readAnew(text: string): Read {
  const values: string[] = [];
  const shape = text.replace(labelled, (_, value: string) => `="§${values.push(value) - 1}§"`);
  if (values.length === 0 || text.includes("§")) return parsed(text);
  const found = remembered(shapes, shape, parsed);
  // A fault says where in the text it is.
  return found instanceof PromqlSyntaxError ? parsed(text) : (filled(found, values) as Expr);
}

/** A copy of a part of an expression, with the labels' own values. */
function filled(part: unknown, values: readonly string[]): unknown {
  if (typeof part === "string")
    return part.replace(/§(\d+)§/g, (_, place: string) => values[Number(place)] ?? "");
  if (typeof part !== "object" || part === null) return part;
  if (Array.isArray(part)) return part.map(each => filled(each, values));
  return Object.fromEntries(Object.entries(part).map(([name, field]) => [name, filled(field, values)]));
}

function parsed(text: string): Read {
  try {
    return parsePromql(text);
  } catch (error) {
    if (error instanceof PromqlSyntaxError) return error;
    throw error;
  }
}

function remembered(all: Map<string, Read>, text: string, read: (text: string) => Read): Read {
  const found = all.get(text) ?? read(text);
  if (all.size >= mostKnown) all.clear();
  all.set(text, found);
  return found;
}
