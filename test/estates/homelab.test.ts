import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEstate, planOf } from "../../plan";
import { volume } from "../../stacks/builders";
import { estate } from "../../stacks/homelab/estate";
import { findingsOf, homelabWith } from "./found";

test("nothing is wrong with the homelab, and nothing is left to be waived", () => {
  expect(findingsOf(estate)).toEqual([]);
  expect(estate.waivers ?? []).toEqual([]);
});

test("fits on a few screens", () => {
  const text = readFileSync(join(__dirname, "../../stacks/homelab/estate.ts"), "utf8");
  expect(text.split("\n").length - 1).toBeLessThan(400);
});

test("a new service is one line: it is snapshotted, backed up and brought off the site", () => {
  const changed = homelabWith(({ services }) => Object.assign(services, { wiki: volume("wiki", "5GB") }));
  expect(findingsOf(changed)).toEqual([]);
  const jobs = planOf(parseEstate(changed)).copies.filter(copy => copy.dataset.service === "wiki");
  expect(new Set(jobs.map(copy => copy.job.name))).toEqual(
    new Set(["lvm-pvc-snapshot", "daily-backup", "offsite-sync-backup", "nas-snapshots"]),
  );
});
