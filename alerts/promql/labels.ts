import { parsePromql } from "./parse";
import { selectorsOf } from "./syntax";

/** Labels that the first selector of an expression asks for by "=". @throws {PromqlSyntaxError} */
export function selectedLabels(expr: string): Record<string, string> {
  const [selector] = selectorsOf(parsePromql(expr));
  return Object.fromEntries(
    (selector?.matchers ?? [])
      .filter(({ op }) => op === "=")
      .map(({ label, value }): [string, string] => [label, value]),
  );
}
