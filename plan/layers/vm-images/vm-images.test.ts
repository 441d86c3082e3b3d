import { parseEstate, planOf } from "../..";
import { backupScrubConfig } from "../../contracts/backup-scrub";
import { vmImagesConfig } from "../../contracts/vm-images";
import { type ExampleEstate, exampleWith } from "../../estate/example";
import type { Job } from "../../job";
import { releaseFiles } from "../release-files.test-support";

function planned(change: (estate: ExampleEstate) => void = () => undefined) {
  const plan = planOf(parseEstate(exampleWith(change)));
  const job = plan.jobs.find(({ name }) => name === "vm-images");
  if (!job) throw new Error("the example has no job vm-images");
  return { plan, job };
}

function configOf(job: Job) {
  const text = releaseFiles(job).find(({ name }) => name === "config.json")?.text ?? "";
  return vmImagesConfig.parse(JSON.parse(text));
}

const vm = { kind: "vm", host: "pve", pool: "data", size: "8GB" } as const;
const unprotected = { reason: "built anew in minutes", owner: "viktor", expires: "2027-06-30" };

test("images are made of each VM that a service has on the host, of a cluster's nodes first", () => {
  const { plan, job } = planned(({ services }) => {
    services.windows = { data: [{ ...vm, id: 110 }], promise: { rpo: { site: "9d" } } };
    // An object's keys keep their order: the nodes come last.
    const { nodes } = services;
    delete services.nodes;
    if (nodes) services.nodes = nodes;
  });
  expect(configOf(job).vms).toEqual([
    { id: 101, name: "nodes/k8s-1" },
    { id: 110, name: "windows" },
  ]);
  expect(plan.copies.filter(({ job: { name } }) => name === "vm-images").map(({ id }) => id)).toEqual([
    "windows <- vm-images",
    "nodes/k8s-1 <- vm-images",
  ]);
});

test("the mirror of the backup disk carries images off the site", () => {
  const { plan } = planned();
  expect(plan.copies.filter(({ dataset }) => dataset.kind === "vm").map(({ id }) => id)).toEqual([
    "nodes/k8s-1 <- vm-images",
    "nodes/k8s-1 <- vm-images <- offsite-sync-backup",
    "nodes/k8s-1 <- vm-images <- offsite-sync-backup <- nas-snapshots",
  ]);
});

test("the scrub of the backup disk reads images, and mends nothing while some are made", () => {
  const scrub = planned().plan.jobs.find(({ name }) => name === "backup-scrub");
  const text = scrub && releaseFiles(scrub).find(({ name }) => name === "config.json")?.text;
  const { generations, writers } = backupScrubConfig.parse(JSON.parse(text ?? ""));
  expect(generations).toContainEqual({ folder: "vm-images", depth: 1 });
  expect(writers).toContain("/var/lib/holdfast/vm-images/run.lock");
});

test("a VM of which no image is wanted gets none, and nobody is told of it on its host", () => {
  const { job } = planned(({ services, layers }) => {
    services.scratch = { data: [{ ...vm, id: 120, unprotected }] };
    Object.assign(layers["vm-images"][0] ?? {}, {
      without: [{ id: 9000, reason: "a template of Debian's own image" }],
    });
  });
  expect(configOf(job)).toMatchObject({ vms: [{ id: 101 }], without: [120, 9000] });
});

test("an image is young for half a day, and for less where a timer fires more often", () => {
  const freshOf = (onCalendar: string): number =>
    configOf(
      planned(({ layers }) => Object.assign(layers["vm-images"][0] ?? {}, { schedule: { onCalendar } })).job,
    ).freshMs;
  expect(freshOf("Sun *-*-* 16:00:00")).toBe(12 * 3_600_000);
  expect(freshOf("*-*-* 00/6:00:00")).toBeLessThanOrEqual(3 * 3_600_000);
});

test("an alert for each VM whose image is too old, and one for those that the estate doesn't name", () => {
  const { job } = planned();
  expect(job.alerts.map(({ name, fires }) => ({ name, ...fires }))).toEqual([
    { name: "VMImageStale", kind: "older", thanMs: job.judged.staleAfterMs },
    { name: "VMWithoutImage", kind: "above", than: 0 },
  ]);
});

test("the unit may write to the backup disk alone", () => {
  const service = releaseFiles(planned().job).find(({ name }) => name === "vm-images.service")?.text;
  expect(service).toMatch(/^ReadWritePaths=.*-\/mnt\/backup$/m);
  expect(service).not.toMatch(/^DeviceAllow=/m);
});

test.each<[string, (estate: ExampleEstate) => void, RegExp]>([
  [
    "a VM that is there twice",
    ({ services }) => {
      services.windows = { data: [{ ...vm, id: 101 }] };
    },
    /estate\.services\.windows\.data\[0\]\.id: 101 is there twice on host pve/,
  ],
  [
    "a VM without image that a service has",
    ({ layers }) =>
      void Object.assign(layers["vm-images"][0] ?? {}, { without: [{ id: 101, reason: "not wanted here" }] }),
    /estate\.layers\["vm-images"\]\[0\]\.without\[0\]\.id: 101 is a VM that a service has\. Remove it here/,
  ],
  [
    "a node of no cluster",
    ({ services }) => {
      services.windows = { data: [{ ...vm, id: 110, cluster: "k3s" }] };
    },
    /estate\.services\.windows\.data\[0\]\.cluster: "k3s" names no cluster \(known: "k8s"\)/,
  ],
  [
    "another disk",
    ({ layers }) => void Object.assign(layers["vm-images"][0] ?? {}, { target: "/mnt/other" }),
    /estate\.layers\["vm-images"\]\[0\]\.target: "\/mnt\/other" names no file system of host pve/,
  ],
  [
    "images by months",
    ({ layers }) => void Object.assign(layers["vm-images"][0] ?? {}, { keep: { count: 3, every: "month" } }),
    /one folder a day or a week/,
  ],
])("refuses %s", (_, change, message) => {
  expect(() => parseEstate(exampleWith(change))).toThrow(message);
});
