import { parseEstate, type Plan, planOf } from "../../plan";
import type { DrillFacts, DrillRecord } from "../../plan/contracts/drill-record";
import { exampleEstate } from "../../plan/estate/example";
import { estate as homelab } from "../../stacks/homelab/estate";
import { drilledBy, promisedTimes } from "./measured";
import { drillersThere } from "./tasks";

const plan = planOf(parseEstate(exampleEstate()));
const hour = 3_600_000;
const nowMs = Date.parse("2026-11-30T00:00:00Z");

function proof(of: string, tier: DrillFacts["tier"], bytes: number, restore: number): DrillRecord {
  const held = { entries: 5, bytes };
  return {
    ...{ number: 1, previous: "", hash: "", at: "2026-11-28T20:00:00Z", host: "pve", tier, of },
    ...{ copy: { path: `/mnt/backup/${of}`, lacks: 0 }, result: "proved", scope: "sample", restored: held },
    ...{ whole: held, compared: { recorded: 5, copy: 0 }, seconds: { restore, compare: 1 }, release: "abc" },
  };
}

/** Of a service whose live disk is gone. */
function after(service: string, ...records: readonly DrillRecord[]) {
  return afterIn(plan, service, ...records);
}

function afterIn(plan: Plan, service: string, ...records: readonly DrillRecord[]) {
  const drillers = drillersThere(plan);
  const drilled = new Map(
    drillers.flatMap(driller => [...drilledBy(driller, { records, faults: [] }, nowMs)]),
  );
  const times = promisedTimes(plan, drillers, drilled);
  return times.find(time => time.service === service && time.domain === "live-disk");
}

test("what was drilled is told of the whole: 100 GB at 1 GB in 50 s, where the link is planned with 120 MB a second", () => {
  const books = after("books", proof("books", "mirror", 1e9, 50));
  expect(books).toMatchObject({
    ...{ promisedMs: 8 * hour, measuredMs: 5_000_000, state: "holds", unmeasured: [] },
    measured: [{ dataset: "books", from: "pve:/mnt/backup/books", fullBytes: 100e9, measuredMs: 5_000_000 }],
  });
  expect(books?.plannedMs).toBeCloseTo(100e9 / 120e3);
});

test("a promise that can't hold at what was measured owes, though it holds as planned", () =>
  expect(after("books", proof("books", "mirror", 1e9, 500))).toMatchObject({
    ...{ measuredMs: 50_000_000, state: "owes" },
    plannedMs: expect.closeTo(833_333, 0) as number,
  }));

test("two that are each in time alone, and come back over one link, count their sum", () => {
  const [books, nextcloud] = [
    proof("books", "mirror", 1e9, 180),
    proof("nextcloud/nextcloud", "generations", 1e9, 450),
  ];
  expect(after("books", books)).toMatchObject({ measuredMs: 5 * hour, state: "holds" });
  expect(after("nextcloud", nextcloud)).toMatchObject({ state: "holds" });
  const both = after("books", books, nextcloud);
  expect(both).toMatchObject({ measuredMs: 5 * hour, state: "owes" });
  expect(both?.togetherMs).toBeGreaterThan(10 * hour);
});

test("what waits behind another one that is slow owes, though no drill was at its own copy", () =>
  expect(after("books", proof("nextcloud/nextcloud", "generations", 1e9, 800))).toMatchObject({
    ...{ measured: [], unmeasured: ["books from pve:/mnt/backup/books"], state: "owes" },
    togetherMs: expect.closeTo(40 * 800_000 + (100e9 + 0.2e9 + 1e9) / 120e3, -4) as number,
  }));

test("a few kilobytes tell of no hundred gigabytes; the whole of a small copy does", () => {
  const small = proof("books", "mirror", 3e6, 2);
  expect(after("books", small)).toMatchObject({ state: "unmeasured", measured: [] });
  expect(after("etcd", proof("etcd-backup", "mirror", 200e6, 3))).toMatchObject({
    measuredMs: 3000,
    state: "holds",
  });
});

test("a copy that failed when it was drilled last owes, though an earlier drill has measured it", () => {
  const [proved, failed] = [
    proof("books", "mirror", 1e9, 50),
    { result: "failed", at: "2026-11-29T20:00:00Z" },
  ];
  const again = { ...proved, ...failed } as DrillRecord;
  const [from, at] = ["pve:/mnt/backup/books", "2026-11-29T20:00:00Z"];
  expect(after("books", proved, again)).toMatchObject({
    measuredMs: 5_000_000,
    failed: [{ from, at }],
    state: "owes",
  });
  expect(after("books", again)).toMatchObject({ measured: [], failed: [{ from, at }], state: "owes" });
  expect(after("books", again, proved)).toMatchObject({ failed: [], state: "holds" });
});

test("what a clock tells that was ahead measures nothing, and nothing does where the records aren't what was written", () => {
  const books = proof("books", "mirror", 1e9, 50);
  const [driller] = drillersThere(plan);
  const known = (at: string, faults: readonly string[], result: DrillRecord["result"] = "proved") =>
    driller && [...drilledBy(driller, { records: [{ ...books, at, result }], faults }, nowMs).values()];
  expect(known(books.at, [])).toMatchObject([{ proof: { of: "books" } }]);
  expect(known("2027-11-28T20:00:00Z", [])).toEqual([]);
  expect(known(books.at, ["line 7 is no record"])).toEqual([]);
  expect(known(books.at, ["line 7 is no record"], "failed")).toMatchObject([{ failed: { of: "books" } }]);
});

test("what nobody says the size of, or no link leads to, is unknown, of a service and of what it needs: no promise of it holds", () => {
  const books = proof("books", "mirror", 1e9, 50);
  const unsized = exampleEstate();
  const { etcd, vault } = unsized.services;
  Object.assign(unsized.services["books"] ?? {}, { needs: ["etcd"] });
  for (const data of etcd?.data ?? []) delete data.size;
  expect(vault?.needs).toEqual(["etcd"]);
  const sizes = planOf(parseEstate(unsized));
  const unknown = ["nobody says how large etcd is"];
  expect(afterIn(sizes, "etcd")).toMatchObject({ plannedMs: Infinity, unknown, state: "unmeasured" });
  expect(afterIn(sizes, "books", books)).toMatchObject({ unknown, state: "unmeasured" });
  const apart = exampleEstate();
  apart.links.length = 0;
  expect(afterIn(planOf(parseEstate(apart)), "photos")).toMatchObject({
    unknown: [expect.stringMatching(/^no link leads from .* to photos$/)],
    state: "unmeasured",
  });
});

test("what a server took of dumps comes on top of how long their files take; another's records say nothing of them", () => {
  const house = planOf(parseEstate(homelab));
  const files = proof("postgresql-backup", "mirror", 2e9, 20);
  const dumps = (of: string, more: Partial<DrillRecord> = {}): DrillRecord => ({
    ...proof(of, "dumps", 1e9, 300),
    ...{ host: "k8s", dumps: [], scope: "whole", ...more },
  });
  const alone = afterIn(house, "postgresql", files);
  const both = afterIn(house, "postgresql", files, dumps("postgresql-backup"));
  expect(both?.measuredMs).toBe((alone?.measuredMs ?? 0) + 300_000);
  expect(both?.measured).toContainEqual(expect.objectContaining({ tier: "mirror", serverSeconds: 300 }));
  const [own, forged] = [dumps("postgresql-backup"), [dumps("redis-backup"), { ...files, host: "k8s" }]];
  const drilled = drillersThere(house, "k8s").map(driller => [
    ...drilledBy(driller, { records: [own, ...forged], faults: [] }, nowMs).keys(),
  ]);
  expect(drilled).toEqual([["k8s dumps:postgresql-backup"]]);
  const failed = dumps("postgresql-backup", { result: "failed" });
  expect(afterIn(house, "postgresql", files, failed)).toMatchObject({
    ...{ state: "owes", failed: [{ from: "pve:/srv/nfs/postgresql-backup", at: failed.at }] },
  });
});
