import { regexProblem } from "./re2";
import { aggregates, functions, type Value } from "./signatures";
import { type Aggregate, type Binary, type Call, type Expr, isComparison, type Selector } from "./syntax";

/** What is wrong with an expression's types, and the part that has it. */
export interface TypeProblem {
  readonly text: string;
  readonly says: string;
  /** What to type instead, where one can say. */
  readonly mend?: string;
}

type Fault = (problem: TypeProblem) => Error;

const names: Readonly<Record<Value, string>> = {
  scalar: "a number",
  vector: "series",
  range: "a range",
  string: "a text",
};
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Refuses what the grammar takes and Prometheus doesn't when it loads a rule, and the whole rule file with it: ranges where
 * values are needed, arguments too few or too many, regular expressions that RE2 hasn't, selectors of everything.
 * @throws what `fault` makes of the problem
 */
export function checkTypes(expr: Expr, fault: Fault): void {
  const type = typeOf(expr, fault);
  if (type === "range" || type === "string")
    throw fault({ text: expr.text, says: `is ${names[type]} where an alert needs a value` });
}

function typeOf(expr: Expr, fault: Fault): Value {
  switch (expr.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "selector":
      checkSelector(expr, fault);
      return "vector";
    case "range":
      valueOf(expr.of, "[...]", fault);
      return "range";
    case "shifted":
      return typeOf(expr.of, fault);
    case "negated":
      return valueOf(expr.of, '"-"', fault);
    case "binary":
      return typeOfBinary(expr, fault);
    case "aggregate":
      return typeOfAggregate(expr, fault);
    case "call":
      return typeOfCall(expr, fault);
  }
}

function valueOf(part: Expr, inWhat: string, fault: Fault): "scalar" | "vector" {
  const type = typeOf(part, fault);
  if (type === "range" || type === "string")
    throw fault({ text: part.text, says: `has ${names[type]} where ${inWhat} needs a value` });
  return type;
}

function checkSelector({ metric, matchers, text }: Selector, fault: Fault): void {
  for (const { label, op, value } of matchers) {
    if (label === "__name__" && metric !== undefined)
      throw fault({ text, says: "names the metric twice", mend: "Leave __name__ out" });
    const problem = /~/.test(op) ? regexProblem(value) : undefined;
    if (problem)
      throw fault({
        text: `${label}${op}`,
        says: `has a regular expression that Prometheus refuses: ${JSON.stringify(value)} ${problem.says}`,
        mend: problem.mend,
      });
  }
  const takesNothing = ({ op, value }: Selector["matchers"][number]): boolean =>
    op === "="
      ? value === ""
      : op === "=~"
        ? matchesNothing(value)
        : op === "!="
          ? value !== ""
          : !matchesNothing(value);
  if (metric === undefined && matchers.every(takesNothing))
    throw fault({
      text,
      says: "selects every series there is",
      mend: "Name a metric, or a label that has to have some text",
    });
}

/** Whether a regular expression matches no text at all, as ".*" does; one that JavaScript can't read counts as one that doesn't. */
function matchesNothing(pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, "s").test("");
  } catch {
    return false;
  }
}

function typeOfBinary(expr: Binary, fault: Fault): Value {
  const { op, matching, text } = expr;
  const types = [valueOf(expr.left, op, fault), valueOf(expr.right, op, fault)];
  const isSet = /^(and|or|unless)$/.test(op);
  if (isSet && types.includes("scalar"))
    throw fault({ text, says: `has a number beside "${op}", which works on series alone` });
  if (expr.bool && !isComparison(expr))
    throw fault({ text, says: `has "bool" behind "${op}"`, mend: 'Remove "bool": only comparisons have it' });
  const isOfSeries = types.includes("vector");
  if (!isOfSeries && isComparison(expr) && !expr.bool)
    throw fault({
      text,
      says: `compares two numbers by "${op}", which gives no alert a series to fire for`,
      mend: "Compare a series, e.g. vector(time()) in place of time()",
    });
  if (matching && types.includes("scalar"))
    throw fault({
      text,
      says: `has ${matching.kind}() beside a number`,
      mend: `Remove ${matching.kind}(...)`,
    });
  if (matching?.group && isSet)
    throw fault({
      text,
      says: `has group_${matching.group} behind "${op}"`,
      mend: `Remove group_${matching.group}: "${op}" takes any number of series`,
    });
  const twice =
    matching?.kind === "on" ? matching.include.find(label => matching.labels.includes(label)) : undefined;
  if (twice !== undefined)
    throw fault({
      text,
      says: `has the label ${twice} in on() and in group_${matching?.group ?? ""}()`,
      mend: `Leave ${twice} out of group_${matching?.group ?? ""}()`,
    });
  return isOfSeries ? "vector" : "scalar";
}

function typeOfAggregate(expr: Aggregate, fault: Fault): Value {
  const takes = aggregates[expr.op];
  if (!takes) throw fault({ text: expr.text, says: experimental(expr.op) });
  checkArguments(expr.op, expr, takes, { optional: 0, repeats: false }, fault);
  const [name] = expr.args;
  if (expr.op === "count_values" && name?.kind === "string") checkLabel(name.value, expr.text, fault);
  return "vector";
}

function typeOfCall(expr: Call, fault: Fault): Value {
  const signature = functions[expr.name];
  if (!signature) throw fault({ text: expr.text, says: experimental(expr.name) });
  checkArguments(expr.name, expr, signature.takes, signature, fault);
  const [, label, , , pattern] = expr.args;
  if (/^label_(replace|join)$/.test(expr.name) && label?.kind === "string")
    checkLabel(label.value, expr.text, fault);
  const problem =
    expr.name === "label_replace" && pattern?.kind === "string" ? regexProblem(pattern.value) : undefined;
  if (problem)
    throw fault({
      text: pattern?.text ?? expr.text,
      says: `is a regular expression that Prometheus refuses: it ${problem.says}`,
      mend: problem.mend,
    });
  return signature.gives;
}

function experimental(name: string): string {
  return `has ${name}, which Prometheus takes with --enable-feature=promql-experimental-functions alone, if at all`;
}

function checkLabel(label: string, text: string, fault: Fault): void {
  if (!labelName.test(label))
    throw fault({
      text,
      says: `makes a label ${JSON.stringify(label)}`,
      mend: 'Name it by letters, digits and "_"',
    });
}

function checkArguments(
  name: string,
  { args, text }: { readonly args: readonly Expr[]; readonly text: string },
  takes: readonly Value[],
  { optional, repeats }: { readonly optional: number; readonly repeats: boolean },
  fault: Fault,
): void {
  const usage = `${name}(${takes.map(type => names[type]).join(", ")})`;
  for (const [at, arg] of args.entries()) {
    const type = typeOf(arg, fault);
    const wanted = takes[at] ?? (repeats ? takes.at(-1) : undefined);
    if (wanted === undefined || wanted === type) continue;
    if (wanted === "range" && type === "vector")
      throw fault({
        text,
        says: `lacks a range for ${name}`,
        mend: `Put a range behind the series, e.g. ${arg.text}[1h]`,
      });
    throw fault({
      text: arg.text,
      says: `has ${names[type]} for ${name}, which takes ${names[wanted]}`,
      mend: `Write ${usage}`,
    });
  }
  if (args.length < takes.length - optional || (args.length > takes.length && !repeats))
    throw fault({
      text,
      says: `has ${args.length} ${args.length === 1 ? "argument" : "arguments"} for ${name}`,
      mend: `Write ${usage}`,
    });
}
