import { parseEstate, planOf } from "../plan";
import { catalogue } from ".";
import { faultsOfFinding } from "./words.test-support";

const asOfMs = Date.UTC(2026, 10, 1);

test.each(
  catalogue.flatMap(check => check.examples.bad.map(({ name, estate }) => ({ check, name, estate }))),
)(
  "$check.code, $name: says what it is about, the fact and what to do, in an operator's words",
  ({ check, estate }) => {
    const plan = planOf(parseEstate(estate));
    for (const finding of check.run(plan, asOfMs))
      expect({ text: `${finding.message} ${finding.fix}`, faults: faultsOfFinding(finding, plan) }).toEqual({
        text: expect.any(String),
        faults: [],
      });
  },
);
