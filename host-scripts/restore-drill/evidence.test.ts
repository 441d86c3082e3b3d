import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DrillFacts } from "../../plan/contracts/drill-record";
import { readChain } from "../runtime/drill-records";
import { evidenceFiles, openEvidence, pastOf, readEvidence } from "./evidence";

const facts = (of: string, result: DrillFacts["result"] = "proved"): DrillFacts => ({
  ...{ at: "2026-11-28T22:30:00Z", host: "pve", tier: "mirror", of, result, scope: "whole", release: "abc" },
  ...{ copy: { path: `/mnt/backup/${of}`, lacks: 0 }, compared: { recorded: 1, copy: 0 } },
  ...{ restored: { entries: 2, bytes: 3 }, whole: { entries: 2, bytes: 3 } },
  seconds: { restore: 0.1, compare: 0.2 },
});

let folder: string;
let config: Parameters<typeof readEvidence>[0];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-evidence-"));
  mkdirSync(join(folder, "disk"));
  config = { stateDir: join(folder, "state"), target: { path: join(folder, "disk"), fsUuid: "" } };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Four records in both files. @returns the text of the host's */
function written(): string {
  for (const name of ["a", "b", "c", "d"]) openEvidence(config, 0).add(facts(name));
  return own();
}
const own = (): string => readFileSync(evidenceFiles(config)[0], "utf8");
const lines = (text: string): string[] => text.split("\n").slice(0, -1);
const joined = (parts: readonly (string | undefined)[]): string => parts.map(part => `${part}\n`).join("");

test("records are numbered, chained, and the same in both places", () => {
  const text = written();
  const { records, faults } = readEvidence(config, 4);
  expect(faults).toEqual([]);
  expect(records.map(({ number, of }) => `${number} ${of}`)).toEqual(["1 a", "2 b", "3 c", "4 d"]);
  expect(records.map(({ previous }) => previous)).toEqual(
    ["", ...records.map(({ hash }) => hash)].slice(0, 4),
  );
  expect(readFileSync(evidenceFiles(config)[1], "utf8")).toBe(text);
});

test.each<[string, (all: readonly string[]) => readonly (string | undefined)[], RegExp]>([
  [
    "changed",
    ([a, b, ...more]) => [a, b?.replace('"proved"', '"failed"'), ...more],
    /^record 2 .* was changed/,
  ],
  ["taken out", ([a, , ...more]) => [a, ...more], /^record 3 .* comes after record 1: /],
  ["the first to go", ([, ...more]) => more, /^record 2 .* comes after none: /],
  ["put in another order", ([a, b, c, d]) => [a, c, b, d], /^record 3 .* comes after record 1: /],
  ["no record any more", ([a, b, , d]) => [a, b, "rubbish", d], /^line 3 is no record/],
])("a record that is %s is noticed", (_, change, fault) => {
  const text = written();
  expect(readChain(joined(change(lines(text)))).faults[0]).toMatch(fault);
});

test("what would be no record is written nowhere", () => {
  const text = written();
  expect(() => openEvidence(config, Number.MAX_SAFE_INTEGER).add(facts("e"))).toThrow(/isn't one/);
  expect(own()).toBe(text);
});

test("of a file that is nothing but rubbish, not each line is told", () => {
  const { faults } = readChain("\n".repeat(5000));
  expect([faults.length, faults.at(-1)]).toEqual([
    21,
    "4980 more of its lines aren't what was written there",
  ]);
});

test("a record that was changed together with its own hash isn't the one that the next one names", () => {
  const all = lines(written());
  rmSync(join(folder, "state"), { recursive: true });
  rmSync(join(folder, "disk/.holdfast"), { recursive: true });
  openEvidence(config, 0).add(facts("a", "failed"));
  const [other] = lines(own());
  expect(readChain(joined([other, ...all.slice(1)])).faults).toEqual([
    "record 2 (line 2) isn't the one that was written after record 1 as it is now",
  ]);
});

test("what a write that was cut has left is no record, and goes with the next one", () => {
  const text = written();
  appendFileSync(evidenceFiles(config)[0], "abc");
  expect(readEvidence(config, 4).faults).toEqual([]);
  const evidence = openEvidence(config, 4);
  expect(own()).toBe(text);
  evidence.add(facts("e"));
  expect(readEvidence(config, 5)).toMatchObject({ faults: [], records: { length: 5 } });
});

test("a new disk, or a host that was set up anew, gets the records of the other", () => {
  const text = written();
  for (const file of evidenceFiles(config)) {
    rmSync(dirname(file), { recursive: true });
    expect(openEvidence(config, 4).faults).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe(text);
  }
});

test("two files that tell different things are noticed, and neither takes the other's place", () => {
  const text = written();
  const disk = evidenceFiles(config)[1];
  const changed = text.replace('"of":"b"', '"of":"x"');
  writeFileSync(disk, changed);
  expect(openEvidence(config, 4).faults[0]).toContain("tell different things from line 2 on");
  expect(own()).toBe(text);
  expect(readFileSync(disk, "utf8")).toBe(changed);
});

test("last records that are gone from both are noticed by their number", () => {
  const text = written();
  for (const file of evidenceFiles(config)) writeFileSync(file, joined(lines(text).slice(0, 2)));
  expect(readEvidence(config, 4).faults).toEqual([
    "record 4 was written, and the last one that is there is 2",
  ]);
});

test("and by the numbers of those that come after them, which leave a gap in their place", () => {
  const text = written();
  for (const file of evidenceFiles(config)) writeFileSync(file, joined(lines(text).slice(0, 2)));
  expect(openEvidence(config, 4).add(facts("e")).number).toBe(5);
  expect(readEvidence(config, 5).faults).toEqual([
    expect.stringMatching(/^record 5 \(line 3\) comes after record 2: what is between them is missing/),
  ]);
});

test("a failed drill takes no proof away", () => {
  const evidence = openEvidence(config, 0);
  evidence.add(facts("a"));
  evidence.add({ ...facts("a", "failed"), at: "2026-11-29T22:30:00Z" });
  expect(pastOf(evidence.records, "pve").get("mirror a")).toEqual({
    triedMs: Date.parse("2026-11-29T22:30:00Z"),
    provedMs: Date.parse("2026-11-28T22:30:00Z"),
  });
});

test("what another host has proved, whose disk this one has now, proves nothing here", () => {
  const evidence = openEvidence(config, 0);
  evidence.add({ ...facts("a"), host: "pve2" });
  expect(pastOf(evidence.records, "pve").size).toBe(0);
});
