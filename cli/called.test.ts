import { called } from "./called";

test.each([
  ["npm run", "holdfast", "npm run holdfast --"],
  ["npx, in a folder of one's own", "npx", "npx holdfast"],
  ["another script", "test", "holdfast"],
  ["a shell", undefined, "holdfast"],
])("of what %s has started, what comes next is typed alike", (_, event, says) =>
  expect(called({ npm_lifecycle_event: event })).toBe(says),
);
