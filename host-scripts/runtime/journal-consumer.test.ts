import fc from "fast-check";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastNumberMs, longestJournalBytes, openSegment, recover } from "./journal";
import { acknowledge, begunOf, type Debt, readDebt } from "./journal-consumer";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-consumer-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const segments = (): string[] => readdirSync(folder).filter(name => /^\d/.test(name));
function hand(...paths: string[]): void {
  const segment = openSegment(folder);
  for (const path of paths) segment.add(Buffer.from(path, "latin1"));
  segment.promote();
}
/** A consumer that has brought all there is. @returns its stamp */
function begin(name: string): string {
  return acknowledge(folder, name, readDebt(folder, name, undefined));
}
const owed = (debt: Debt): string[] => [...debt.paths, ...debt.subtrees];

test("a consumer that was never there owes the whole tree, and then what was named since", () => {
  hand("old");
  expect(readDebt(folder, "nas", undefined)).toMatchObject({
    whole: "it was never brought there as a whole",
    through: 1,
  });
  const stamp = begin("nas");
  hand("a\nb", "\xff\xfe");
  hand("a\nb");
  const debt = readDebt(folder, "nas", stamp);
  expect(debt).toMatchObject({ whole: undefined, through: 3, segments: 2 });
  expect(owed(debt)).toEqual(["a\nb", "\xff\xfe"]);
});

test("a slow consumer holds up nobody else, and what all are past is freed", () => {
  const [nas, friend] = [begin("nas"), begin("friend")];
  hand("a");
  const stamp = acknowledge(folder, "nas", readDebt(folder, "nas", nas));
  expect(readDebt(folder, "nas", stamp)).toMatchObject({ whole: undefined, segments: 0 });
  expect(segments()).toEqual(["000000000001.paths"]);
  const debt = readDebt(folder, "friend", friend);
  expect(owed(debt)).toEqual(["a"]);
  acknowledge(folder, "friend", debt);
  expect(segments()).toEqual([]);
});

test("a journal that grew too long for one that is away is as before for who isn't", () => {
  const [nas, friend] = [begin("nas"), begin("friend")];
  hand("a");
  const stamp = acknowledge(folder, "nas", readDebt(folder, "nas", nas));
  truncateSync(join(folder, "000000000001.paths"), longestJournalBytes + 1);
  hand("b");
  expect(segments()).toEqual(["000000000001.reconcile", "000000000002.paths"]);
  const debt = readDebt(folder, "nas", stamp);
  expect([debt.whole, ...owed(debt)]).toEqual([undefined, "b"]);
  expect(readDebt(folder, "friend", friend).whole).toBe("its writer handed over all of the tree");
});

test("where files have no time of birth, a segment that is open was begun when its number was noted", () => {
  begin("nas");
  openSegment(folder);
  const { mtimeMs } = statSync(join(folder, "last-number"));
  expect(begunOf({ birthtimeMs: 0, mtimeMs: mtimeMs + 5 }, lastNumberMs(folder))).toBe(mtimeMs);
  expect(begunOf({ birthtimeMs: mtimeMs - 9, mtimeMs: mtimeMs + 5 }, mtimeMs)).toBe(mtimeMs - 9);
});

test("what a writer names while its consumer is at work is owed afterwards", () => {
  const stamp = begin("nas");
  const writer = openSegment(folder);
  writer.add(Buffer.from("late"));
  const debt = readDebt(folder, "nas", stamp);
  expect(debt).toMatchObject({ through: 0, isOpen: true, segments: 0 });
  writer.promote();
  const next = readDebt(folder, "nas", acknowledge(folder, "nas", debt));
  expect(owed(next)).toEqual(["late"]);
});

test.each<[string, RegExp, () => void]>([
  [
    "a segment that was cut",
    /segment 000000000001.paths isn't what was written/,
    () => truncateSync(join(folder, "000000000001.paths"), 2),
  ],
  [
    "one that was cut to nothing",
    /isn't what was written/,
    () => truncateSync(join(folder, "000000000001.paths"), 0),
  ],
  [
    "a gap in the numbers",
    /segment 000000000001 is missing/,
    () => rmSync(join(folder, "000000000001.paths")),
  ],
  [
    "a last one that was removed",
    /segment 000000000002 is missing/,
    () => rmSync(join(folder, "000000000002.paths")),
  ],
  ["a cursor that was removed", /its cursor is gone/, () => rmSync(join(folder, "cursors", "nas"))],
  [
    "a cursor that can't be read",
    /its cursor is gone/,
    () => writeFileSync(join(folder, "cursors", "nas"), "{"),
  ],
  [
    "a lost number, and a gap",
    /segment 000000000001 is missing/,
    () => {
      rmSync(join(folder, "last-number"));
      rmSync(join(folder, "000000000001.paths"));
    },
  ],
  [
    "a run that was killed",
    /its writer handed over all of the tree/,
    () => {
      openSegment(folder).add(Buffer.from("c"));
      recover(folder);
    },
  ],
])("%s makes the whole tree owed", (_, why, harm) => {
  const stamp = begin("nas");
  hand("a", "b");
  hand("c");
  harm();
  const debt = readDebt(folder, "nas", stamp);
  expect(debt.whole).toMatch(why);
  expect(readDebt(folder, "nas", acknowledge(folder, "nas", debt)).whole).toBeUndefined();
});

test("whichever bit of a segment flips, the whole tree is owed, and the segment is named", () => {
  const stamp = begin("nas");
  hand("books/a", "b");
  const file = join(folder, "000000000001.paths");
  const good = readFileSync(file);
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const bad = Buffer.from(good);
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(file, bad);
    const { whole } = readDebt(folder, "nas", stamp);
    expect({ bit, whole }).toEqual({
      bit,
      whole: expect.stringContaining("000000000001.paths isn't what") as string,
    });
  }
  writeFileSync(file, good);
  expect(owed(readDebt(folder, "nas", stamp))).toEqual(["books/a", "b"]);
});

test("a cursor of which the number has rotted takes nothing for done", () => {
  const stamp = begin("nas");
  for (const path of ["a", "b", "c"]) hand(path);
  const file = join(folder, "cursors", "nas");
  writeFileSync(file, readFileSync(file, "utf8").replace('"through":0', '"through":2'));
  expect(readDebt(folder, "nas", stamp).whole).toMatch(/another one than remembered/);
});

test("segments and stamps of an earlier version are read as they were", () => {
  hand("a");
  begin("nas");
  const file = join(folder, "cursors", "nas");
  writeFileSync(file, '{"through":1,"stamp":"5d0b7f3e-old"}');
  writeFileSync(join(folder, "000000000002.paths"), "a\0b\0\0");
  const debt = readDebt(folder, "nas", "5d0b7f3e-old");
  expect(debt).toMatchObject({ whole: undefined, through: 2 });
  expect(owed(debt)).toEqual(["a", "b"]);
  writeFileSync(join(folder, "000000000002.paths"), "a\0b\0");
  expect(readDebt(folder, "nas", "5d0b7f3e-old").whole).toMatch(/isn't what was written/);
});

test("an older cursor, or a consumer's older memory, makes the whole tree owed", () => {
  const stamp = begin("nas");
  const before = readFileSync(join(folder, "cursors", "nas"), "utf8");
  hand("a");
  const newer = acknowledge(folder, "nas", readDebt(folder, "nas", stamp));
  expect(readDebt(folder, "nas", stamp).whole).toMatch(/another one than remembered/);
  expect(readDebt(folder, "nas", undefined).whole).toMatch(/isn't remembered/);
  writeFileSync(join(folder, "cursors", "nas"), before);
  expect(readDebt(folder, "nas", newer).whole).toMatch(/another one than remembered/);
});

test("a writer whose last number was lost gives none that a consumer is past", () => {
  for (const path of ["a", "b", "c"]) hand(path);
  const stamp = begin("nas");
  rmSync(join(folder, "last-number"));
  hand("d");
  expect(segments()).toEqual(["000000000004.paths"]);
  expect(owed(readDebt(folder, "nas", stamp))).toEqual(["d"]);
});

/*
 * Whatever writers, consumers, kills and losses do in whatever order: what has changed since a destination last verified it is
 * owed by name or as part of the whole tree.
 */
type Step =
  | { readonly do: "change"; readonly path: string; readonly end: "promote" | "abandon" | "kill" }
  | {
      readonly do: "consume";
      readonly who: "nas" | "friend";
      readonly verified: boolean;
      readonly kept: boolean;
    }
  | { readonly do: "lose"; readonly what: "segment" | "tail" | "cursor" | "number"; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("change" as const),
    path: fc.constantFrom("a", "b/c", "d\n", "\xff"),
    end: fc.constantFrom("promote", "promote", "abandon", "kill"),
  }),
  fc.record({
    do: fc.constant("consume" as const),
    who: fc.constantFrom("nas", "friend"),
    verified: fc.boolean(),
    kept: fc.constantFrom(true, true, true, false),
  }),
  fc.record({
    do: fc.constant("lose" as const),
    what: fc.constantFrom("segment", "tail", "cursor", "number"),
    which: fc.nat(20),
  }),
);

test("no change is ever forgotten", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), steps => {
      const own = mkdtempSync(join(folder, "journal-"));
      const stale = {
        nas: new Set(["a", "b/c", "d\n", "\xff"]),
        friend: new Set(["a", "b/c", "d\n", "\xff"]),
      };
      const stamps: { nas?: string; friend?: string } = {};
      const isOwed = (who: "nas" | "friend"): Debt => {
        const debt = readDebt(own, who, stamps[who]);
        const missing = [...stale[who]].filter(
          path => debt.whole === undefined && !owed(debt).includes(path),
        );
        // What a killed writer left open is handed over by its next run.
        if (!debt.isOpen && missing.length > 0)
          throw new Error(`${who} doesn't owe ${JSON.stringify(missing)}`);
        return debt;
      };
      for (const action of steps) take(action);
      recover(own);
      isOwed("nas");
      isOwed("friend");

      function take(action: Step): void {
        if (action.do === "change") {
          const segment = openSegment(own);
          segment.add(Buffer.from(action.path, "latin1"));
          for (const who of ["nas", "friend"] as const) stale[who].add(action.path);
          if (action.end !== "kill") segment[action.end]();
        } else if (action.do === "consume") {
          const debt = isOwed(action.who);
          if (!action.verified) return;
          const left = debt.isOpen
            ? [...stale[action.who]].filter(path => debt.whole === undefined && !owed(debt).includes(path))
            : [];
          const stamp = acknowledge(own, action.who, debt);
          if (action.kept) stamps[action.who] = stamp;
          // All of the tree may have been brought; what an open segment names comes again, which costs nothing.
          stale[action.who] = new Set(left);
        } else lose(own, action);
      }
    }),
    { numRuns: 100 },
  );
});

function lose(own: string, { what, which }: Extract<Step, { do: "lose" }>): void {
  const handed = readdirSync(own).filter(name => /\.(paths|reconcile)$/.test(name));
  const name = handed[which % Math.max(1, handed.length)];
  if (what === "cursor") rmSync(join(own, "cursors", "nas"), { force: true });
  else if (what === "number") rmSync(join(own, "last-number"), { force: true });
  else if (name === undefined) return;
  else if (what === "segment") rmSync(join(own, name));
  else truncateSync(join(own, name), which % Math.max(1, readFileSync(join(own, name)).length));
}
