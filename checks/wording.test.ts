import { parseEstate, planOf } from "../plan";
import { catalogue } from ".";

const asOfMs = Date.UTC(2026, 10, 1);
const found = catalogue.flatMap(check =>
  check.examples.bad.flatMap(({ name, estate }) =>
    check.run(planOf(parseEstate(estate)), asOfMs).map(finding => ({ name, ...finding })),
  ),
);

test.each(found)(
  "$code, $name: says what it is about, the fact and what to do, in an operator's words",
  ({ subject, message, fix }) => {
    expect(subject).not.toBe("");
    expect(message).toMatch(/^\S.*[.?]$/s);
    expect(fix).toMatch(/^[A-Z`].*[.)]$/s);
    for (const text of [message, fix]) {
      // Nothing that a program left in it, and no word of the code.
      expect(text).not.toMatch(/undefined|NaN|Infinity|\[object|\bnull\b|\bzod\b/);
      expect(text).not.toMatch(/\b(flow|trigger|runsOn|sizeBytes|lossMs|calledAs)\b/);
      expect(text).not.toMatch(/ {2}/);
    }
  },
);
