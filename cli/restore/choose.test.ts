import type { Found } from "../find/found";
import { choose, type Wish } from "./choose";

const wish: Wish = { atMs: undefined, from: undefined, partial: false, whole: false };

function version(taken: string | undefined, via: readonly string[], more: Partial<Found> = {}): Found {
  return {
    ...{
      dataset: "wiki",
      service: "wiki",
      machine: "pve",
      where: `pve:/${via.at(-1)}/${taken}`,
      medium: "hdd",
    },
    ...{
      via,
      copied: via.at(-2),
      takenMs: taken === undefined ? undefined : Date.parse(`2026-11-${taken}Z`),
    },
    ...{ bytes: undefined, there: undefined, verified: true, lacks: [], backMs: 60_000 },
    ...{ link: undefined, restore: [] },
    ...{ isPart: false, isTaken: false, bringsMore: false, ...more },
  };
}

const tell = (ms: number | undefined): string =>
  ms === undefined ? "?" : new Date(ms).toISOString().slice(8, 16);
const taken = (found: readonly Found[], asked: Partial<Wish> = {}): string => {
  const chosen = choose(found, { ...wish, ...asked }, tell);
  return "version" in chosen
    ? `${chosen.version.where} of ${tell(chosen.heldMs)}`
    : `${chosen.refused} | ${chosen.next}`;
};

const snapshot = version("28T00:00", ["snap"], { backMs: 0 });
const fresh = version("28T04:00", ["snap", "week"]);
const old = version("19T04:00", ["snap", "week"]);
const sent = version("28T06:00", ["snap", "week", "sent"], { machine: "nas", backMs: 600_000 });

test("a copy of copies is as old as what it copied: of one age, the one that is back soonest comes back", () => {
  expect(taken([sent, fresh, snapshot, old])).toBe("pve:/snap/28T00:00 of 28T00:00");
  expect(taken([sent, fresh, old])).toBe("pve:/week/28T04:00 of 28T04:00");
  expect(taken([sent, old])).toBe("pve:/week/19T04:00 of 19T04:00");
  expect(taken([sent])).toBe("pve:/sent/28T06:00 of 28T06:00");
});

test("with a time, the newest that holds nothing younger, whenever that was copied on", () => {
  const atMs = Date.parse("2026-11-28T05:00Z");
  expect(taken([sent, fresh, old], { atMs, from: "nas" })).toBe("pve:/sent/28T06:00 of 28T04:00");
  expect(taken([sent, fresh, old], { atMs: Date.parse("2026-11-20T00:00Z") })).toBe(
    "pve:/week/19T04:00 of 19T04:00",
  );
  expect(taken([old, version(undefined, ["other"])], { atMs: Date.parse("2026-11-01T00:00Z") })).toBe(
    "nothing of wiki is of 01T00:00 or before | the same with a later --at: the oldest is of 19T04:00",
  );
});

test("one that lacks something is taken by --partial alone, and else the newest that is whole", () => {
  const broken = version("29T04:00", ["snap", "week"], { lacks: ['1 entries, first "x"'] });
  expect(taken([broken, old])).toBe("pve:/week/19T04:00 of 19T04:00");
  expect(taken([broken, old], { partial: true })).toBe("pve:/week/29T04:00 of 29T04:00");
  expect(taken([broken])).toBe(
    'each copy of wiki is known to lack something, that of 29T04:00 at pve:/week/29T04:00: 1 entries, first "x" | the same with --partial, to have what there is',
  );
});

test("what goes into the rest of a dataset doesn't stand for all of it", () => {
  const databases = version("28T09:00", ["snap", "week"], { isPart: true, where: "pve:/databases" });
  expect(taken([databases, fresh])).toBe("pve:/week/28T04:00 of 28T04:00");
});

test("of a path that comes back alone, all of the volume is brought by --whole alone", () => {
  const [alone, all] = [["alone"], ["all"]] as unknown as Found["restore"][];
  if (!alone || !all) throw new Error("two ways");
  const found = [version("19T04:00", ["week"], { below: "a.txt", restore: alone, whole: all })];
  const way = (asked: Partial<Wish>): unknown => {
    const chosen = choose(found, { ...wish, ...asked }, tell);
    return "version" in chosen && [chosen.version.restore, chosen.version.bringsMore];
  };
  expect(way({})).toEqual([alone, false]);
  expect(way({ whole: true })).toEqual([all, true]);
});

test("of a path, one where it was seen; and all of a volume for its sake by --whole alone", () => {
  const below = { below: "a.txt", bringsMore: true };
  const seen = version("19T04:00", ["snap", "week"], {
    ...below,
    there: { state: "there", bytes: 1, modifiedMs: 0, isFolder: false },
  });
  const unseen = version("28T00:00", ["snap"], below);
  expect(taken([unseen, seen])).toBe(
    "the way back from pve:/week/19T04:00 brings all of wiki, and not a.txt alone | take it from pve:/week/19T04:00, which root can read there; or the same with --whole, for all of wiki",
  );
  expect(taken([unseen, seen], { whole: true })).toBe("pve:/week/19T04:00 of 19T04:00");
});

test("a job or machine that has no copy is refused with those that have", () =>
  expect(taken([fresh, sent], { from: "tape" })).toBe(
    'no copy of wiki is "tape"\'s | the same with --from week or sent, or a machine: pve or nas',
  ));
