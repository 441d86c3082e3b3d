import { editAt } from "./edit-at";
import { findingsOf, homelabWith } from "./found";
import { leftOut } from "./tired-edits";

const edits = [...leftOut].map(([what, at, to, answer, subject]) => ({ what, at, to, answer, subject }));

test.each(edits)("$what ($at) is answered by $answer first", ({ at, to, answer, subject }) => {
  const [first] = findingsOf(homelabWith(estate => editAt(estate, at, to)));
  expect(first).toMatchObject({ code: answer, severity: "error" });
  if (subject !== undefined) expect(first?.subject).toBe(subject);
});
