import { parsePromql, PromqlSyntaxError } from "./parse";

test("reads selectors with their matchers", () =>
  expect(parsePromql('up{job="a",instance!~"b|c"}')).toMatchObject({
    kind: "selector",
    metric: "up",
    matchers: [
      { label: "job", op: "=", value: "a" },
      { label: "instance", op: "!~", value: "b|c" },
    ],
  }));

test("takes the name of a metric from __name__", () =>
  expect(parsePromql('{__name__="up"}')).toMatchObject({ metric: "up", matchers: [] }));

test("reads Go's escapes, and takes backticks as they are", () =>
  expect(parsePromql('up{a="\\x41\\u00e9\\101\\n\\\\d",b=`\\d`}')).toMatchObject({
    matchers: [{ value: "AéA\n\\d" }, { value: "\\d" }],
  }));

test("reads comparisons, matching and grouping", () =>
  expect(parsePromql("a * on(job) group_left(team) b > bool 5400")).toMatchObject({
    kind: "binary",
    op: ">",
    bool: true,
    left: { op: "*", matching: { kind: "on", labels: ["job"], group: "left" } },
    right: { kind: "number", value: 5400 },
  }));

test("reads aggregations, functions and what changes no labels", () => {
  expect(parsePromql("sum without (pod) (rate(a[5m] offset 1h))")).toMatchObject({
    kind: "aggregate",
    op: "sum",
    without: true,
    by: ["pod"],
    args: [
      {
        kind: "call",
        name: "rate",
        args: [
          { kind: "shifted", byMs: 3_600_000, of: { kind: "range", windowMs: 300_000, of: { metric: "a" } } },
        ],
      },
    ],
  });
  expect(parsePromql("-(a) == 0")).toMatchObject({
    op: "==",
    left: { kind: "negated", of: { metric: "a" } },
  });
});

test("takes an offset for the last operand alone", () =>
  expect(parsePromql("time() - a offset 1d > 5")).toMatchObject({
    op: ">",
    left: {
      op: "-",
      left: { kind: "call", name: "time" },
      right: { kind: "shifted", byMs: 86_400_000, of: { metric: "a" }, text: "a offset 1d" },
      text: "time() - a offset 1d",
    },
  }));

test.each([
  ["a >", "ends too early", 3],
  ['a{job="b"', "ends too early", 9],
  ["a =! 0", "isn't PromQL", 2],
  ["nosuch(a)", "isn't PromQL", 6],
  ["", "ends too early", 0],
  ["rate(a)", "lacks a range for rate", 0],
  ["a[5m] > 1", "has a range where > needs a value", 0],
  ["abs(a[5m])", "has a range for abs, which takes series", 4],
  ["a > 26h", "in the place of a number", 4],
  ["a > 5d12h", "Write 475200", 4],
  ["a offset 90", 'has the duration "90"', 9],
  ['a{b=~"(?=c)"}', "looks ahead", 2],
  ['a{b=~"(c)\\\\1"}', "refers back to a group", 2],
  ['a{b=~"c\\.d"}', "has the escape \\.", 5],
  ['{"a.b"}', "has a name in quotes", 1],
  ['{job=~".*"}', "selects every series there is", 0],
  ["sum(a) offset 1d", "has an offset behind what isn't a selector", 0],
  ["time() > 5", "compares two numbers", 0],
  ["a and on(b) group_left a", 'has group_left behind "and"', 0],
  ["round(a, 1, 2)", "has 3 arguments for round", 0],
  ["info(a)", "has info, which Prometheus takes with", 0],
  ["a and 1", 'has a number beside "and"', 0],
  ['"a"', "is a text where an alert needs a value", 0],
])("refuses %j: it %s at %i", (text, problem, at) => {
  const refused = (): unknown => parsePromql(text);
  expect(refused).toThrow(PromqlSyntaxError);
  expect(`${String(caught(refused))} ${(caught(refused) as PromqlSyntaxError).mend ?? ""}`).toContain(
    problem,
  );
  try {
    refused();
  } catch (error) {
    expect(error).toMatchObject({ at });
  }
});

function caught(refused: () => unknown): unknown {
  try {
    return refused();
  } catch (error) {
    return error;
  }
}
