import type { Expr } from "./syntax";

type Value = "scalar" | "vector" | "range" | "string";

/** Functions of a range vector, by how many arguments they take beside it. */
const rangeFunctions =
  /^(rate|irate|increase|delta|idelta|deriv|changes|resets|predict_linear|double_exponential_smoothing|absent_over_time|\w+_over_time)$/;
const scalarFunctions = /^(time|pi|scalar)$/;

/** What is wrong with an expression's types, and the part that has it. */
export interface TypeProblem {
  readonly text: string;
  readonly says: string;
  /** What to type instead, where one can say. */
  readonly mend?: string;
}

/**
 * Refuses ranges where values are needed, values where ranges are, and an alert that is a range or a text: mistakes that
 * Prometheus itself refuses when it loads the rule, and the whole rule file with it.
 * @throws what `fault` makes of the problem
 */
export function checkTypes(expr: Expr, fault: (problem: TypeProblem) => Error): void {
  const type = typeOf(expr, fault);
  if (type === "range" || type === "string")
    throw fault({ text: expr.text, says: `is a ${type} where an alert needs a value` });
}

function typeOf(expr: Expr, fault: (problem: TypeProblem) => Error): Value {
  const value = (part: Expr, inWhat: string): Value => {
    const type = typeOf(part, fault);
    if (type === "range" || type === "string")
      throw fault({ text: part.text, says: `has a ${type} where ${inWhat} needs a value` });
    return type;
  };
  switch (expr.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "selector":
      return "vector";
    case "range":
      value(expr.of, "[...]");
      return "range";
    case "shifted":
      return typeOf(expr.of, fault);
    case "negated":
      return value(expr.of, '"-"');
    case "binary": {
      const types = [value(expr.left, expr.op), value(expr.right, expr.op)];
      if (/^(and|or|unless)$/.test(expr.op) && types.includes("scalar"))
        throw fault({
          text: expr.text,
          says: `has a number beside "${expr.op}", which works on series alone`,
        });
      return types.includes("vector") ? "vector" : "scalar";
    }
    case "aggregate":
      if (!expr.args.some(arg => typeOf(arg, fault) === "vector"))
        throw fault({ text: expr.text, says: `has no series for ${expr.op}` });
      return "vector";
    case "call": {
      const types = expr.args.map(arg => typeOf(arg, fault));
      if (rangeFunctions.test(expr.name) && !types.includes("range"))
        throw fault({
          text: expr.text,
          says: `lacks a range for ${expr.name}`,
          mend: `Put a range behind the series, e.g. ${expr.args[0]?.text ?? "it"}[1h]`,
        });
      if (!rangeFunctions.test(expr.name) && types.includes("range"))
        throw fault({ text: expr.text, says: `has a range for ${expr.name}, which takes values` });
      return scalarFunctions.test(expr.name) ? "scalar" : "vector";
    }
  }
}
