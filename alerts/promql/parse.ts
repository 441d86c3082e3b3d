import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { durationMs, LiteralProblem, numberOf, unquoted } from "./literals";
import type { Expr, Matcher, Matching, Selector } from "./syntax";
import { checkTypes } from "./types";

/** A text that isn't PromQL: where it goes wrong, and how. */
export class PromqlSyntaxError extends Error {
  constructor(
    readonly expr: string,
    /** Offset into `expr`, from 0. */
    readonly at: number,
    problem: string,
    /** What to type instead, where one can say. */
    readonly mend?: string,
  ) {
    super(`${problem} at character ${at + 1}, near ${JSON.stringify(expr.slice(at, at + 20) || "the end")}`);
    this.name = "PromqlSyntaxError";
  }
}

/**
 * Reads an expression by Prometheus' own grammar, and checks what the grammar leaves to the engine: which arguments are
 * ranges and how many there are.
 * @throws {PromqlSyntaxError}
 */
export function parsePromql(text: string): Expr {
  const tree = parser.parse(text);
  const cursor = tree.cursor();
  do
    if (cursor.type.isError) {
      const problem = cursor.from >= text.trimEnd().length ? "ends too early" : "isn't PromQL";
      throw new PromqlSyntaxError(text, cursor.from, problem, usualSlip(text.slice(cursor.from)));
    }
  while (cursor.next());
  const [only] = childrenOf(tree.topNode);
  if (!only) throw new PromqlSyntaxError(text, 0, "is empty");
  const expr = read(only, text);
  checkTypes(
    expr,
    problem =>
      new PromqlSyntaxError(text, Math.max(0, text.indexOf(problem.text)), problem.says, problem.mend),
  );
  return expr;
}

/** What a slip of the pen was meant to be. */
function usualSlip(rest: string): string | undefined {
  const slips: Readonly<Record<string, string>> = {
    "=!": "!=",
    "=>": ">=",
    "=<": "<=",
    "&&": "and",
    "||": "or",
    "<>": "!=",
  };
  const slip = Object.keys(slips).find(text => rest.startsWith(text));
  return slip === undefined ? undefined : `Write "${slips[slip] ?? ""}" in place of "${slip}"`;
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

function read(node: SyntaxNode, source: string): Expr {
  const text = source.slice(node.from, node.to);
  const children = childrenOf(node);
  const inner = (index: number): Expr => {
    const child = children[index];
    if (!child) throw new PromqlSyntaxError(source, node.from, "isn't PromQL");
    return read(child, source);
  };
  switch (node.name) {
    case "NumberDurationLiteral":
      return { kind: "number", value: literal(node, source, numberOf), text };
    case "StringLiteral":
      return { kind: "string", value: literal(node, source, unquoted), text };
    case "VectorSelector":
      return selectorOf(node, source);
    case "MatrixSelector":
    case "SubqueryExpr":
      return {
        kind: "range",
        of: inner(0),
        windowMs: windowOf(node, source),
        isSubquery: node.name === "SubqueryExpr",
        text,
      };
    case "OffsetExpr":
      return shifted(node, source, offsetOf(children[2], source));
    case "StepInvariantExpr":
      return shifted(node, source, undefined);
    case "UnaryExpr":
      return text.startsWith("-") ? { kind: "negated", of: inner(1), text } : inner(1);
    case "BinaryExpr":
      return binaryOf(node, source);
    case "FunctionCall":
      return {
        kind: "call",
        name: textOf(children[0], source),
        args: argsOf(children[1], source),
        text,
      };
    case "AggregateExpr":
      return aggregateOf(node, source);
    case "AnchoredExpr":
    case "SmoothedExpr":
      throw new PromqlSyntaxError(source, node.from, "has anchored or smoothed, which are experimental");
    // Parentheses.
    default:
      return inner(0);
  }
}

/** What `offset` and `@` stand behind: the last operand alone, though the grammar takes all that comes before. */
function shifted(node: SyntaxNode, source: string, byMs: number | undefined): Expr {
  const shift = (of: SyntaxNode | undefined): Expr => {
    if (!of) throw new PromqlSyntaxError(source, node.from, "isn't PromQL");
    const text = source.slice(of.from, node.to);
    const isOffset = node.name === "OffsetExpr";
    const last = childrenOf(of).at(-1);
    const expr = read(of, source);
    if (of.name === "BinaryExpr" && expr.kind === "binary") return { ...expr, right: shift(last), text };
    if (of.name === "UnaryExpr" && expr.kind === "negated") return { ...expr, of: shift(last), text };
    const isWithin =
      expr.kind === "shifted" && (isOffset ? expr.byMs !== undefined : expr.byMs === undefined);
    if (
      !/^(VectorSelector|MatrixSelector|SubqueryExpr|OffsetExpr|StepInvariantExpr)$/.test(of.name) ||
      isWithin
    )
      throw new PromqlSyntaxError(
        source,
        of.from,
        `has ${isOffset ? "an offset" : "@"} behind what isn't a selector`,
        "Put it right behind each selector, once",
      );
    return { kind: "shifted", of: expr, ...(byMs === undefined ? {} : { byMs }), text };
  };
  return shift(childrenOf(node)[0]);
}

function binaryOf(node: SyntaxNode, source: string): Expr {
  const children = childrenOf(node);
  const [left, op] = children;
  const right = children.at(-1);
  if (!left || !op || !right) throw new PromqlSyntaxError(source, node.from, "isn't PromQL");
  const clause = children.find(child => child.name === "MatchingModifierClause");
  return {
    kind: "binary",
    op: textOf(op, source).toLowerCase(),
    bool: children.some(child => child.name === "BoolModifier"),
    ...(clause ? { matching: matchingOf(clause, source) } : {}),
    left: read(left, source),
    right: read(right, source),
    text: textOf(node, source),
  };
}

function matchingOf(clause: SyntaxNode, source: string): Matching {
  const children = childrenOf(clause);
  const has = (name: string): boolean => children.some(child => child.name === name);
  return {
    kind: has("On") ? "on" : "ignoring",
    labels: labelsOf(
      children.find(child => child.name === "GroupingLabels"),
      source,
    ),
    include: labelsOf(children.filter(child => child.name === "GroupingLabels")[1], source),
    ...(has("GroupLeft") ? { group: "left" as const } : has("GroupRight") ? { group: "right" as const } : {}),
  };
}

function aggregateOf(node: SyntaxNode, source: string): Expr {
  const children = childrenOf(node);
  const modifier = children.find(child => child.name === "AggregateModifier");
  const grouping = modifier?.getChild("GroupingLabels") ?? undefined;
  return {
    kind: "aggregate",
    op: textOf(children[0], source).toLowerCase(),
    by: labelsOf(grouping, source),
    without: modifier?.getChild("Without") !== null && modifier !== undefined,
    args: argsOf(
      children.find(child => child.name === "FunctionCallBody"),
      source,
    ),
    text: textOf(node, source),
  };
}

function selectorOf(node: SyntaxNode, source: string): Selector {
  const matchers: Matcher[] = [];
  let metric: string | undefined;
  for (const child of childrenOf(node)) {
    if (child.name === "Identifier") metric = textOf(child, source);
    for (const part of child.name === "LabelMatchers" ? childrenOf(child) : []) {
      if (part.name === "QuotedLabelName") throw quotedName(part, source);
      if (part.name.endsWith("LabelMatcher")) {
        const { label, op, value } = matcherOf(part, source);
        if (label === "__name__" && op === "=" && metric === undefined) metric = value;
        else matchers.push({ label, op, value });
      }
    }
  }
  return {
    kind: "selector",
    ...(metric === undefined ? {} : { metric }),
    matchers,
    text: textOf(node, source),
  };
}

function matcherOf(node: SyntaxNode, source: string): Matcher {
  const [label, op, value] = childrenOf(node);
  if (!value || label?.name === "QuotedLabelName") throw quotedName(node, source);
  return {
    label: textOf(label, source),
    op: textOf(op, source) as Matcher["op"],
    value: literal(value, source, unquoted),
  };
}

function quotedName(node: SyntaxNode, source: string): PromqlSyntaxError {
  return new PromqlSyntaxError(
    source,
    node.from,
    "has a name in quotes, which Prometheus before 3.0 doesn't take",
    "Write it without quotes, by letters, digits and _",
  );
}

/** A literal's value, its fault told with where it is. */
function literal<T>(node: SyntaxNode, source: string, read: (text: string) => T): T {
  try {
    return read(textOf(node, source));
  } catch (error) {
    if (error instanceof LiteralProblem)
      throw new PromqlSyntaxError(source, node.from, error.message, error.mend);
    throw error;
  }
}

/** Window of a range, in ms. The grammar computes with durations; Prometheus does so only where it is told to experiment. */
function windowOf(node: SyntaxNode, source: string): number {
  const [of, ...durations] = childrenOf(node);
  const lengths = durations
    .filter(({ name }) => name === "DurationExpr" || name === "NumberDurationLiteralInDurationContext")
    .map(duration => literal(duration, source, durationMs));
  if (node.name === "MatrixSelector" && of?.name !== "VectorSelector")
    throw new PromqlSyntaxError(
      source,
      node.from,
      "has a range behind what isn't a selector",
      "Put the range behind the selector, or write [5m:1m]",
    );
  const [windowMs] = lengths;
  if (windowMs === undefined || lengths.includes(0))
    throw new PromqlSyntaxError(source, node.from, "has a range of no time", "Write one, e.g. [5m]");
  return windowMs;
}

/** How long before an offset looks, in ms; negative for after. */
function offsetOf(node: SyntaxNode | undefined, source: string): number {
  if (!node) return 0;
  const sign = textOf(node, source).startsWith("-") ? -1 : 1;
  return sign * literal(node, source, text => durationMs(text.replace(/^[-+]\s*/, "")));
}

function argsOf(body: SyntaxNode | undefined, source: string): Expr[] {
  return body ? childrenOf(body).map(child => read(child, source)) : [];
}

function labelsOf(grouping: SyntaxNode | undefined, source: string): string[] {
  return (grouping ? childrenOf(grouping) : []).map(child => {
    if (child.name !== "LabelName") throw quotedName(child, source);
    return textOf(child, source);
  });
}

function textOf(node: SyntaxNode | undefined, source: string): string {
  return node ? source.slice(node.from, node.to) : "";
}
