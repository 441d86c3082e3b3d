import { RunnerError } from "../runtime/errors";
import { parseSnapshotArguments } from "./arguments";

const parse = (...words: readonly string[]) =>
  parseSnapshotArguments("lvm-pvc-snapshot", ["--config", "c.json", ...words]);

test.each([
  [[], { kind: "snapshot", dryRun: false }],
  [["run"], { kind: "snapshot", dryRun: false }],
  [["snapshot", "--dry-run"], { kind: "snapshot", dryRun: true }],
  [["--dry-run"], { kind: "snapshot", dryRun: true }],
  [["prune"], { kind: "prune", dryRun: false }],
  [["prune", "--dry-run"], { kind: "prune", dryRun: true }],
  [["list", "--json"], { kind: "list" }],
  [["list", "--versions", "--json"], { kind: "list", versions: true }],
  [["list", "shop/data"], { kind: "list", only: "shop/data" }],
  [["verify"], { kind: "verify" }],
  [["verify", "shop/data"], { kind: "verify", only: "shop/data" }],
  [["forget", "lv"], { kind: "forget", volume: "lv" }],
  [["--check-config"], { kind: "check-config" }],
  [["--unfinished"], { kind: "unfinished" }],
  [["--report-end"], { kind: "report-end" }],
])("%j asks for %j", (words, command) => {
  expect(parse(...words)).toMatchObject({ config: "c.json", command });
});

test.each([
  [
    ["restore", "lv", "snap"],
    { what: "lv", snapshot: "snap", action: "restore", workload: true, waitMs: 300_000 },
  ],
  [["restore", "shop/data"], { what: "shop/data", snapshot: undefined, action: "restore" }],
  [["restore", "shop/data", "--at", "2026-05-26T03:00:00Z"], { atMs: Date.UTC(2026, 4, 26, 3) + 999 }],
  [["restore", "lv", "snap", "--dry-run"], { action: "restore", dryRun: true }],
  [["restore", "lv", "--resume", "--wait", "20"], { snapshot: undefined, action: "resume", waitMs: 20_000 }],
  [["restore", "lv", "--rollback", "--no-workload"], { action: "rollback", workload: false }],
])("%j asks for a restore: %j", (words, request) => {
  expect(parse(...words)?.command).toMatchObject({ kind: "restore", request });
});

test.each([
  [["snapshots"], 'there is no "snapshots"; expected run, list, verify, restore, prune or forget'],
  [["prune", "all"], 'prune takes no "all"'],
  [["forget"], "forget needs a VOLUME"],
  [["forget", "lv", "more"], 'forget takes no "more"'],
  [["list", "shop/data", "--versions"], "--versions goes with list alone"],
  [["prune", "--versions"], "--versions goes with list alone"],
  [["list", "lv", "more"], 'list takes no "more"'],
  [["list", "--dry-run"], "list takes no --dry-run"],
  [["list", "--check-config"], "--check-config stands alone"],
  [["--check-config", "--report-end"], "can't be given together"],
  [["restore"], "restore needs a VOLUME or a NAMESPACE/CLAIM"],
  [["restore", "lv", "snap", "--at", "2026-05-26"], "a SNAPSHOT and --at can't be given together"],
  [["restore", "lv", "--at", "2026-05-26", "--resume"], "--at and --resume can't be given together"],
  [["restore", "lv", "--at", "soon"], '"soon" is no time'],
  [["list", "--at", "2026-05-26"], "--at goes with restore alone"],
  [["restore", "lv", "snap", "more"], 'restore takes no "more"'],
  [["restore", "lv", "--resume", "--rollback"], "can't be given together"],
  [["restore", "lv", "snap", "--wait", "soon"], '--wait is "soon", expected seconds'],
  [["prune", "--rollback"], "--rollback goes with restore alone"],
  [["--wait", "3"], "--wait goes with restore alone"],
])("%j is refused: %s", (words, text) => {
  expect(() => parse(...words)).toThrow(text);
  expect(() => parse(...words)).toThrow(RunnerError);
});

test("a run without a config is refused", () => {
  expect(() => parseSnapshotArguments("lvm-pvc-snapshot", ["list"])).toThrow("--config FILE is missing");
});
