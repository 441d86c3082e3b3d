import { faultsOfRefusal } from "../../plan/estate/words.test-support";
import type { Finding } from "../../checks";
import { EstateInvalid, parseEstate } from "../../plan";
import { long } from "../long";
import { editAt } from "./edit-at";
import { findingsOf, homelabWith } from "./found";
import {
  againstTime,
  causes,
  leftOut,
  misspelt,
  nothingOrEverything,
  readsNothing,
  takenAway,
  type TiredEdit,
  twoOfOne,
} from "./tired-edits";
import { outOfTurn, parts, room, warned } from "./tired-edits-of-parts";
import { contradictions, declared, looser } from "./tired-edits-of-contradictions";
import { machines, warnedOfMachines } from "./tired-edits-of-machines";
import { misplaced } from "./tired-edits-of-secrets";
import { addresses, values, words } from "./tired-edits-of-fields";
import { formerNames, watching } from "./tired-edits-of-monitoring";
import { drills, foldersApart, impossible, lettersApart, missed } from "./tired-edits-of-slips";
import { goneJobs, keptAlone, nobodys, ofMany } from "./tired-edits-of-many";
import { heldOtherwise, neighbours, warnedOfNeighbours } from "./tired-edits-of-neighbours";
import { saidAsWritten, shortSlips, warnedOfLimits } from "./tired-edits-of-limits";
import { days, legs, ofLayers, unsaid, warnedOfLayers } from "./tired-edits-of-layers";

/** First those that are asked for more than an answer. */
const asked = [legs, days, ofMany];
const tables = [
  ...asked,
  leftOut,
  twoOfOne,
  misspelt,
  readsNothing,
  againstTime,
  takenAway,
  nothingOrEverything,
  causes,
  addresses,
  values,
  parts,
  room,
  outOfTurn,
  unsaid,
  ofLayers,
  nobodys,
  misplaced,
  watching,
  formerNames,
  drills,
  missed,
  impossible,
  contradictions,
  machines,
  lettersApart,
  neighbours,
  shortSlips,
];
const isFault = (answer: string): boolean => answer.startsWith("estate.");
/** Each is a plan of the whole homelab: of one answer `npm test` makes the first, and all that are refused before. */
const walked = (table: readonly TiredEdit[]): readonly TiredEdit[] =>
  table.filter(
    ([, , , answer], index) =>
      long || isFault(answer) || table.findIndex(([, , , other]) => other === answer) === index,
  );
const edits = walked(tables.flat()).map(([what, at, to, answer, subject]) => ({
  what,
  at,
  to,
  answer,
  subject,
}));
const warnings = walked([
  ...warned,
  ...warnedOfLayers,
  ...warnedOfMachines,
  ...warnedOfNeighbours,
  ...keptAlone,
  ...looser,
  ...foldersApart,
  ...heldOtherwise,
  ...warnedOfLimits,
]).map(([what, at, to, answer, subject]) => ({
  what,
  at,
  to,
  answer,
  subject,
}));

/** By the edit's words: some edits are asked twice, and each answer is a plan of the whole homelab. */
const found = new Map<string, readonly Finding[]>();
function foundAfter({ what, at, to }: { what: string; at: string; to: unknown }): readonly Finding[] {
  const known = found.get(what) ?? findingsOf(homelabWith(estate => editAt(estate, at, to)));
  found.set(what, known);
  return known;
}

test("none is there twice", () => {
  const all = tables.flat();
  expect(new Set(all.map(([what]) => what)).size).toBe(all.length);
});

test.each(edits.filter(({ answer }) => !isFault(answer)))(
  "$what ($at) is answered by $answer first",
  edit => {
    const [first] = foundAfter(edit);
    const { answer, subject } = edit;
    expect(first).toMatchObject({ code: answer, severity: "error" });
    if (subject !== undefined) expect(first?.subject).toBe(subject);
  },
);

const folded = walked(asked.flat()).map(([what, at, to, answer]) => ({ what, at, to, answer }));

test.each(folded)("$what ($at) is one finding, and all else follows from it", edit => {
  const told = foundAfter(edit).filter(({ follows }) => follows === undefined);
  const { answer } = edit;
  expect(told.map(({ code }) => code)).toEqual([answer]);
});

test.each(goneJobs)("%s is told once, and all else follows from it", (_, changes, answers) => {
  const errors = findingsOf(
    homelabWith(estate => {
      for (const [at, to] of changes) editAt(estate, at, to);
    }),
  ).filter(({ severity }) => severity === "error");
  const told = errors.filter(({ follows }) => follows === undefined);
  expect(told.map(({ code, subject }) => `${code} ${subject}`)).toEqual(answers);
  expect(errors.length).toBeGreaterThan(told.length);
});

test.each(warnings)("$what ($at) is told of by $answer alone", ({ at, to, answer, subject }) => {
  const found = findingsOf(homelabWith(estate => editAt(estate, at, to)));
  expect(found).toMatchObject([{ code: answer, severity: "warning", subject }]);
});

/** By the edit's words and place, as above. */
const refused = new Map<string, EstateInvalid>();
function refusalOf({ what, at, to }: { what: string; at: string; to: unknown }): EstateInvalid {
  const known = refused.get(`${what} ${at}`);
  if (known) return known;
  try {
    parseEstate(homelabWith(estate => editAt(estate, at, to)));
  } catch (error) {
    if (!(error instanceof EstateInvalid)) throw error;
    refused.set(`${what} ${at}`, error);
    return error;
  }
  throw new Error(`an estate is taken with this: ${what}`);
}

test.each(edits.filter(({ answer }) => isFault(answer)))("$what ($at) is refused at $answer", edit =>
  expect(refusalOf(edit).message).toContain(`${edit.answer}: `),
);

test.each(
  [...edits, ...words.map(([what, at, to, answer]) => ({ what, at, to, answer }))].filter(({ answer }) =>
    isFault(answer),
  ),
)("$what ($at) is refused in an operator's words, with what to write", edit => {
  const { faults } = refusalOf(edit);
  expect(faults.length).toBeGreaterThan(0);
  for (const { problem } of faults)
    expect({ problem, faults: faultsOfRefusal(problem) }).toEqual({ problem, faults: [] });
});

test("what is refused for its spelling is asked back", () => {
  for (const [, at, to, answer] of misspelt.filter(([, , , answer]) => answer.startsWith("estate.")))
    expect(() => parseEstate(homelabWith(estate => editAt(estate, at, to)))).toThrow(
      new RegExp(`${answer.replaceAll(/[.[\]]/g, "\\$&")}.*Did you mean`),
    );
});

test.each(words.map(([what, at, to, answer, , says]) => ({ what, at, to, answer, says })))(
  "$what ($at) is told in words that help: $says",
  ({ answer, says, ...edit }) => {
    const { message } = refusalOf(edit);
    expect(message).toContain(`${answer}: `);
    expect(message).toMatch(says);
  },
);

test.each(declared)("%s: a slip in the name of %s, which is %s there, is one fault", (section, name, as) => {
  const estate = homelabWith(changed => {
    const place = section
      .split(" > ")
      .reduce<unknown>((part, word) => Reflect.get(Object(part), word), changed);
    const renamed = Object.entries(Object(place)).map(([key, value]) => [key === name ? as : key, value]);
    editAt(changed, section, Object.fromEntries(renamed));
  });
  const parse = (): unknown => parseEstate(estate);
  expect(parse).toThrow(/has 1 fault;/);
  expect(parse).toThrow(`"${as}" is what nothing asks for`);
  expect(parse).toThrow(`Did you mean "${name}"?`);
});

test("a host that sends nothing is one finding for all that has copies at home", () => {
  const found = findingsOf(homelabWith(estate => editAt(estate, "layers > offsite-sync", [])));
  expect(found.filter(({ code }) => code === "routes/no-route-off-site")).toMatchObject([
    { subject: "homelab", severity: "error" },
  ]);
});

test("a retention that a NAS can't be told is shown as it was written", () => {
  const [what, at, to, answer] = saidAsWritten;
  expect(refusalOf({ what, at, to }).message).toContain(`${answer}: ${JSON.stringify(to)} `);
});
