/** A label matcher of a selector. */
export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** Series by name and labels. */
export interface Selector {
  readonly kind: "selector";
  /** Absent where only labels select, as in `{job="a"}`. */
  readonly metric?: string;
  readonly matchers: readonly Matcher[];
  /** As the expression has it. */
  readonly text: string;
}

/** Which labels the two sides of a binary operator are matched by. */
export interface Matching {
  readonly kind: "on" | "ignoring";
  readonly labels: readonly string[];
  /** Labels of the other side that group_left() or group_right() adds. */
  readonly include: readonly string[];
  readonly group?: "left" | "right";
}

/** A binary operator; comparisons keep the left side's series for which they hold. */
export interface Binary {
  readonly kind: "binary";
  readonly op: string;
  /** `bool`: the comparison gives 0 or 1, and keeps every series. */
  readonly bool: boolean;
  readonly matching?: Matching;
  readonly left: Expr;
  readonly right: Expr;
  readonly text: string;
}

export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expr[];
  readonly text: string;
}

export interface Aggregate {
  readonly kind: "aggregate";
  readonly op: string;
  readonly by: readonly string[];
  /** True for `without (...)`: `by` lists what is dropped. */
  readonly without: boolean;
  readonly args: readonly Expr[];
  readonly text: string;
}

/** Samples of a time until now, as in `a[1h]`. */
export interface Range {
  readonly kind: "range";
  readonly of: Expr;
  /** In ms. */
  readonly windowMs: number;
  /** Whether each sample is an expression of its own, as in `(time() - a)[1h:5m]`. */
  readonly isSubquery: boolean;
  readonly text: string;
}

/** What something had at another time. */
export interface Shifted {
  readonly kind: "shifted";
  readonly of: Expr;
  /** How long before, in ms; absent for an instant of its own (@). */
  readonly byMs?: number;
  readonly text: string;
}

/** A PromQL expression, without its parentheses. */
export type Expr =
  | Selector
  | Binary
  | Call
  | Aggregate
  | Range
  | Shifted
  | { readonly kind: "negated"; readonly of: Expr; readonly text: string }
  | { readonly kind: "number"; readonly value: number; readonly text: string }
  | { readonly kind: "string"; readonly value: string; readonly text: string };

/** Comparison operators. */
export const comparisons = ["==", "!=", ">", "<", ">=", "<="] as const;
export type Comparison = Binary & { readonly op: (typeof comparisons)[number] };

export function isComparison(expr: Expr): expr is Comparison {
  return expr.kind === "binary" && (comparisons as readonly string[]).includes(expr.op);
}

/** The parts of an expression, left to right. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "binary":
      return [expr.left, expr.right];
    case "call":
    case "aggregate":
      return expr.args;
    case "range":
    case "shifted":
    case "negated":
      return [expr.of];
    case "selector":
    case "number":
    case "string":
      return [];
  }
}

/** An expression and everything in it. */
export function* walk(expr: Expr): Generator<Expr> {
  yield expr;
  for (const part of partsOf(expr)) yield* walk(part);
}

/** Every selector in an expression. */
export function selectorsOf(expr: Expr): Selector[] {
  return [...walk(expr)].filter(part => part.kind === "selector");
}
