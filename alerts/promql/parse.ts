import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
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

/** As `parsePromql`, with the fault as a value. */
export function readPromql(text: string): Expr | PromqlSyntaxError {
  try {
    return parsePromql(text);
  } catch (error) {
    if (error instanceof PromqlSyntaxError) return error;
    throw error;
  }
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
      return { kind: "number", value: numberOf(text), text };
    case "StringLiteral":
      return { kind: "string", value: unquoted(text), text };
    case "VectorSelector":
      return selectorOf(node, source);
    case "MatrixSelector":
    case "SubqueryExpr":
      return {
        kind: "range",
        of: inner(0),
        ...optional("windowMs", durationOf(children[1], source)),
        isSubquery: node.name === "SubqueryExpr",
        text,
      };
    case "OffsetExpr":
      return shifted(node, source, durationOf(children[2], source));
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
    // Parentheses, anchored and smoothed change neither which series there are nor their labels.
    default:
      return inner(0);
  }
}

/** What `offset` and `@` stand behind: the last operand alone, though the grammar takes all that comes before. */
function shifted(node: SyntaxNode, source: string, byMs: number | undefined): Expr {
  const shift = (of: SyntaxNode | undefined): Expr => {
    if (!of) throw new PromqlSyntaxError(source, node.from, "isn't PromQL");
    const text = source.slice(of.from, node.to);
    const last = childrenOf(of).at(-1);
    const expr = read(of, source);
    if (of.name === "BinaryExpr" && expr.kind === "binary") return { ...expr, right: shift(last), text };
    if (of.name === "UnaryExpr" && expr.kind === "negated") return { ...expr, of: shift(last), text };
    return { kind: "shifted", of: expr, ...optional("byMs", byMs), text };
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
      if (part.name === "QuotedLabelName") metric = unquoted(textOf(part, source));
      else if (part.name.endsWith("LabelMatcher")) {
        const { label, op, value } = matcherOf(part, source);
        if (label === "__name__" && op === "=") metric = value;
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
  const name = textOf(label, source);
  return {
    label: label?.name === "QuotedLabelName" ? unquoted(name) : name,
    op: textOf(op, source) as Matcher["op"],
    value: unquoted(textOf(value, source)),
  };
}

/** Milliseconds of a duration that is written out; nothing for one that is computed. */
function durationOf(node: SyntaxNode | undefined, source: string): number | undefined {
  const text = textOf(node, source).replace(/\s/g, "");
  return /^[-+]?[0-9][0-9a-z]*$/i.test(text) ? numberOf(text) * 1000 : undefined;
}

function optional<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, number>>);
}

function argsOf(body: SyntaxNode | undefined, source: string): Expr[] {
  return body ? childrenOf(body).map(child => read(child, source)) : [];
}

function labelsOf(grouping: SyntaxNode | undefined, source: string): string[] {
  return grouping ? childrenOf(grouping).map(child => unquoted(textOf(child, source))) : [];
}

function textOf(node: SyntaxNode | undefined, source: string): string {
  return node ? source.slice(node.from, node.to) : "";
}

/** A literal as it is meant: Go's escapes in quotes, none in backticks; a bare label as it stands. */
function unquoted(text: string): string {
  const quote = text[0];
  if (quote === "`") return text.slice(1, -1);
  if (quote !== '"' && quote !== "'") return text;
  return text
    .slice(1, -1)
    .replace(/\\(.)/g, (_, char: string) => ({ n: "\n", t: "\t", r: "\r" })[char] ?? char);
}

/** Seconds of a duration such as "1h30m", or a number. */
function numberOf(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const bare = text.replace(/^[-+]/, "").toLowerCase();
  if (/^[0-9.]+(e[-+]?\d+)?$|^0x/.test(bare)) return sign * Number(bare);
  if (/^inf/.test(bare)) return sign * Infinity;
  if (bare === "nan") return NaN;
  const unitS: Readonly<Record<string, number>> = {
    ms: 0.001,
    s: 1,
    m: 60,
    h: 3600,
    d: 86_400,
    w: 604_800,
    y: 31_536_000,
  };
  const parts = [...bare.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return sign * parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitS[unit ?? ""] ?? 0), 0);
}
