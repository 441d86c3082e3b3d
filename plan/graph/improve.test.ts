import { type EstateInput, parseEstate, planOf } from "..";
import { exampleWith } from "../estate/example";
import { improvementsOf, type Improvement } from "./improve";
import { movedTo } from "../calendar/move";
import { lossesOf, yearsOf } from "./loss";
import { Rearrangement } from "./rearrangement";

const hour = 3_600_000;

/** Vault's weekly dump just misses the mirror. */
function lateDump(): EstateInput {
  return exampleWith(estate => {
    estate.zone = "UTC";
    const [, vault] = estate.layers["cluster-dump"];
    if (vault) vault.schedule = { cron: "0 2 * * 0" };
    if (estate.services.vault) estate.services.vault.promise = { rpo: { "live-disk": "9d" } };
  });
}

function improvements(input: EstateInput): Improvement[] {
  const plan = planOf(parseEstate(input));
  return improvementsOf(plan, lossesOf(plan));
}

test("moves Vault's dump before the mirror: a disk then costs a day less", () => {
  const found = improvements(lateDump()).find(
    ({ service, domain }) => service === "vault" && domain === "live-disk",
  );
  expect(found).toEqual({
    service: "vault",
    domain: "live-disk",
    job: "vault-backup",
    host: "k8s",
    fromCalendar: "0 2 * * 0",
    toCalendar: "45 1 * * 0",
    // Read on Sunday at 02:00, mirrored on Monday at 02:00, and until the next Monday at 02:19.
    lossBeforeMs: 192 * hour + 19 * 60_000,
    lossAfterMs: 168 * hour + 34 * 60_000,
    cost: "free",
  });
});

test("an improvement, written into the estate, has the loss that it names", () => {
  const all = improvements(lateDump());
  expect(all.length).toBeGreaterThan(10);
  const cases = new Map(all.map(found => [`${found.job} ${found.toCalendar}`, found]));
  for (const { job, toCalendar } of cases.values()) {
    const losses = lossesOf(planOf(parseEstate(withCalendar(lateDump(), job, toCalendar))));
    for (const found of all.filter(other => other.job === job && other.toCalendar === toCalendar))
      expect({
        ...found,
        lossAfterMs: losses.find(
          ({ service, domain }) => service === found.service && domain === found.domain,
        )?.worstLossMs,
      }).toEqual(found);
  }
});

test("moves nothing into another job's budget on the same disk", () => {
  const snapshots = improvements(lateDump()).filter(({ job }) => job === "nas-snapshots");
  // The offsite run may write to the NAS from 06:00 until 08:01: its budget, and its timer's minute.
  expect(new Set(snapshots.map(({ toCalendar }) => toCalendar))).toEqual(new Set(["*-*-* 08:15:00"]));
});

test("moves nothing into another job's usual run, where their budgets meet anyway", () => {
  const long = exampleWith(estate => {
    estate.zone = "UTC";
    for (const spec of estate.layers["offsite-sync"]) spec.budget = "20h";
  });
  const plan = planOf(parseEstate(long));
  const timeline = yearsOf(plan);
  const job = plan.jobs.find(({ name }) => name === "nas-snapshots");
  if (!job) throw new Error("the example estate has nas-snapshots");
  const rearrangement = new Rearrangement(plan, timeline);
  const isSoundAt = (minute: number): boolean => {
    const schedule = movedTo(job.trigger.schedule, minute);
    if (!schedule) throw new Error("nas-snapshots has a time of day");
    const moved = { ...job, trigger: { ...job.trigger, calendar: schedule.text, schedule } };
    return rearrangement.isSound(job, moved, timeline.withJobAs(job, moved));
  };
  // The offsite run begins at 06:00, and usually takes half an hour.
  expect([6 * 60 + 15, 7 * 60 + 15].map(isSoundAt)).toEqual([false, true]);
});

test("lets a job that comes after another start while that one runs, but not before it", () => {
  const offsite = improvements(lateDump()).filter(
    ({ job, domain }) => job === "offsite-sync-backup" && domain === "site",
  );
  // It waits for the end of daily-backup, which starts at 04:00 and usually takes 40 minutes.
  expect(new Set(offsite.map(({ toCalendar }) => toCalendar))).toEqual(new Set(["*-*-* 04:30:00"]));
});

test("moves nothing that would break another service's promise", () => {
  const early = exampleWith(estate => {
    const [, vault] = estate.layers["cluster-dump"];
    if (vault) vault.schedule = { cron: "@daily" };
    // Short enough to lie between the two dumps.
    for (const spec of estate.layers["nfs-mirror"]) spec.budget = "30min";
  });
  const mirror = improvements(early).find(
    ({ service, domain }) => service === "vault" && domain === "live-disk",
  );
  // At 00:15 Vault would lose least, but the mirror would miss etcd's dump of 01:00, and its promise of 30 hours.
  expect(mirror).toMatchObject({ job: "nfs-mirror", toCalendar: "*-*-* 01:15:00" });
});

function withCalendar(estate: EstateInput, job: string, calendar: string): EstateInput {
  for (const [layer, specs] of Object.entries(estate.layers))
    for (const spec of specs ?? []) {
      const name = "name" in spec ? spec.name : layer === "offsite-sync" ? "offsite-sync-backup" : layer;
      if (name !== job) continue;
      if (spec.schedule && "cron" in spec.schedule) spec.schedule.cron = calendar;
      else spec.schedule = { ...spec.schedule, onCalendar: calendar };
    }
  return estate;
}
