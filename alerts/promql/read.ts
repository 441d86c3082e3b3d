import { remembered } from "../../plan/units/remembered";
import { parsePromql, PromqlSyntaxError } from "./parse";
import type { Expr } from "./syntax";

type Read = Expr | PromqlSyntaxError;

const most = 2_000;

/** As `parsePromql`, with the fault as a value. A text is read once: an estate is planned anew for what follows from a finding. */
export const readPromql = remembered(readAnew, most);

const readShape = remembered(parsed, most);
const labelled = /="([\w.-]+)"/g;

/** The alerts of two hosts differ in the values of labels alone: they have one shape, which is read once. */
function readAnew(text: string): Read {
  const values: string[] = [];
  const shape = text.replace(labelled, (_, value: string) => `="§${values.push(value) - 1}§"`);
  if (values.length === 0 || text.includes("§")) return parsed(text);
  const found = readShape(shape);
  // A fault says where in the text it is.
  return found instanceof PromqlSyntaxError ? parsed(text) : (filled(found, values) as Expr);
}

/** A copy of a part of an expression, with the labels' own values. */
function filled(part: unknown, values: readonly string[]): unknown {
  if (typeof part === "string")
    return part.replace(/\u00a7(\d+)\u00a7/g, (_, place: string) => values[Number(place)] ?? "");
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
