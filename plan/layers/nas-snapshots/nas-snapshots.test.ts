import { parseEstate, planOf } from "../..";
import { nasSnapshotsConfig } from "../../contracts/nas-snapshots";
import { type ExampleEstate, exampleWith } from "../../estate/example";
import type { Job } from "../../job";
import { releaseFiles } from "../release-files.test-support";

function planned(change: (estate: ExampleEstate) => void = () => undefined): readonly Job[] {
  return planOf(parseEstate(exampleWith(change))).jobs.filter(({ layer }) => layer === "nas-snapshots");
}

function onlyJob(change?: (estate: ExampleEstate) => void): Job {
  const [job, ...more] = planned(change);
  if (!job || more.length > 0) throw new Error("expected one job of nas-snapshots");
  return job;
}

const part = ({ layers }: ExampleEstate) => {
  const [spec] = layers["nas-snapshots"];
  if (!spec?.watch) throw new Error("the example's NAS is looked after by nobody");
  return { ...spec, watch: spec.watch };
};

test("a host looks whenever a snapshot is due, with a key and a password of its own", () => {
  const job = onlyJob();
  const text = (name: string): string => releaseFiles(job).find(file => file.name === name)?.text ?? "";
  expect(text("nas-snapshots.timer")).toContain("OnCalendar=*-*-* 10:00:00");
  expect(text("nas-snapshots.service")).toContain("LoadCredential=nas-look-password:");
  const config = nasSnapshotsConfig.parse(JSON.parse(text("config.json")));
  expect(config).toMatchObject({
    ...{ calendar: "*-*-* 10:00:00", keepMs: 7 * 86_400_000, graceMs: 300_000, mayDelete: false },
    nas: { user: "holdfast", volume: "/volume1", share: "Backup", password: "nas-look-password" },
  });
  expect(job.host).toBe("pve");
  expect(job.flows.map(({ outOfHostsReach }) => outOfHostsReach)).toEqual([true]);
});

test("snapshots that the host's account may delete aren't out of its reach", () => {
  const job = onlyJob(estate => {
    part(estate).watch.mayDelete = true;
  });
  expect(job.flows[0]?.outOfHostsReach).toBe(false);
});

test("without a host that looks, or a pinned key, they are planned alone", () => {
  const nobody = onlyJob(({ layers }) => delete layers["nas-snapshots"][0]?.watch);
  expect(nobody).toMatchObject({ deployment: { kind: "planned" }, runsOn: { kind: "destination" } });
  const unpinned = onlyJob(({ destinations }) => delete destinations?.["nas"]?.hostKey);
  expect(unpinned.deployment).toEqual({ kind: "planned" });
});

test("two shares, and two NAS at which one host looks, have names of their own", () => {
  const names = planned(estate => {
    const nas = estate.destinations?.["nas"];
    if (nas && estate.destinations) estate.destinations["second"] = { ...nas, address: "nas2.example" };
    const spec = part(estate);
    estate.layers["nas-snapshots"].push({ ...spec, share: "/Photos" }, { ...spec, destination: "second" });
  }).map(({ name }) => name);
  expect(names).toEqual(["nas-snapshots-nas-backup", "nas-snapshots-photos", "nas-snapshots-second-backup"]);
});

test.each<[string, (estate: ExampleEstate) => void, RegExp]>([
  ["an unknown host", estate => void (part(estate).watch.host = "pev"), /watch\.host: "pev" names no host/],
  [
    "one secret for two things",
    estate => void (part(estate).watch.password = "nas-look-key"),
    /watch\.password: "nas-look-key" is the account's private key already/,
  ],
  [
    "a machine that is no Synology",
    ({ destinations }) => {
      const nas = destinations?.["nas"];
      if (nas) nas.kind = "ssh";
    },
    /watch\.host: "pve" can't ask nas, which is no Synology/,
  ],
  [
    "a NAS that waits for a host's job",
    estate => void (part(estate).schedule.after = ["daily-backup"]),
    /schedule\.after: .*waits for no job of a host/,
  ],
])("refuses %s", (_, change, message) => {
  expect(() => planned(change)).toThrow(message);
});
