import { partMetric } from "../../plan/contracts/metric";
import { family, textOf } from "./metric-text";

const metric = partMetric("each", "thing_differs", "1 where it differs", ["subject"]);

test.each([
  ['a "b" \\c', String.raw`a \"b\" \\c`],
  ["two\nlines", String.raw`two\nlines`],
  // Prometheus refuses all of a text that has another escape than these three.
  ["a\rb\bc\u0001\u007f", "a\rb\bc\u0001\u007f"],
  ["снимки 📷", "снимки 📷"],
])(
  "a label's value %j is written with the escapes that the format knows, and no other",
  (subject, written) => {
    expect(textOf(family(metric, [{ labels: { subject }, value: 1 }]))).toBe(
      `# HELP thing_differs 1 where it differs\n# TYPE thing_differs gauge\nthing_differs{subject="${written}"} 1\n`,
    );
  },
);
