import { anything, exactly } from "../ranges";
import { overWindow } from "./functions";

test("an average counts each value for as long as it was there, and nothing of one that has just come", () => {
  const held = [
    { range: exactly(0), forMs: 3000 },
    { range: exactly(4), forMs: 1000 },
  ];
  expect(overWindow("avg_over_time", held)).toEqual(exactly(1));
  expect(overWindow("avg_over_time", [...held, { range: anything, forMs: 0 }])).toEqual(exactly(1));
  expect(overWindow("avg_over_time", [{ range: exactly(7), forMs: 0 }])).toEqual(exactly(7));
});
