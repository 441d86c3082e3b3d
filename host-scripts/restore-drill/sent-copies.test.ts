import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DiskTier, OffsiteTier } from "./tier";
import { sentCopies } from "./sent-copies";

const disk = mkdtempSync(join(tmpdir(), "holdfast-sent-"));
afterAll(() => rmSync(disk, { recursive: true }));

const job = {
  job: "daily-backup",
  command: ["daily-backup"],
  lock: "/var/lib/holdfast/daily-backup/run.lock",
};
const at = "2026-11-28T04:00:00Z";
const listed = (kind: DiskTier["kind"], of: string, folder: string) => {
  const path = join(disk, folder, "2026-48", of);
  mkdirSync(path, { recursive: true });
  return {
    tier: { ...job, tier: kind, kind, below: join(disk, folder) },
    versions: [{ of, at, path, lacks: [], pick: [] }],
  };
};

test("of what a destination has, a volume's databases and the host's configuration have names of their own, and are no copy of its files", () => {
  const sent = { of: disk, at: "2026-11-28T06:00:00Z", lacks: [], pick: [] };
  const leg = { from: disk, to: "nas:/Backup/pve-backup", trees: [], excludes: [] };
  const tier: OffsiteTier = { ...job, tier: "sent", kind: "offsite", stateDir: "/var/lib/sent", legs: [leg] };
  const onDisk = [
    listed("generations", "shop/data", "pvc-data"),
    listed("databases", "shop/data", "sqlite-backup"),
    listed("configuration", "configuration", "pve-config"),
  ];
  expect(sentCopies(tier, [sent], onDisk, { notes: [] }).map(({ of, path }) => [of, path])).toEqual([
    ["shop/data", "nas:/Backup/pve-backup/pvc-data/2026-48/shop/data"],
    ["databases:shop/data", "nas:/Backup/pve-backup/sqlite-backup/2026-48/shop/data"],
    ["configuration:configuration", "nas:/Backup/pve-backup/pve-config/2026-48/configuration"],
  ]);
});
