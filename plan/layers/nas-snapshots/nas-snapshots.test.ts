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
    ...{
      keepAtLeast: 1,
      senders: [{ job: "offsite-sync-backup", stateDir: "/var/lib/holdfast/offsite-sync-backup" }],
    },
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

test("steps on the NAS are an administrator's: neither the account that sends nor the one that looks reads a snapshot", () => {
  const steps = (change: (estate: ExampleEstate) => void): string =>
    JSON.stringify(
      onlyJob(estate => {
        const nas = estate.destinations?.["nas"];
        if (nas) nas.user = "sends-only";
        change(estate);
      }).flows.map(({ wayBack }) => wayBack),
    );
  for (const text of [
    steps(() => undefined),
    steps(({ layers }) => delete layers["nas-snapshots"][0]?.watch),
  ]) {
    expect(text).toContain("ADMINISTRATOR@nas.example");
    expect(text).not.toMatch(/sends-only@|holdfast@/);
  }
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

/** Adds an account that sets the retention, by secrets of its own. */
function withApply(estate: ExampleEstate, change: Partial<Apply> = {}): void {
  const { secrets } = estate;
  for (const name of ["nas-set-key", "nas-set-password"])
    if (secrets) secrets[name] = { keptIn: ["vault", "break-glass"] };
  const [spec] = estate.layers["nas-snapshots"];
  if (spec) spec.apply = { user: "keeper", secret: "nas-set-key", password: "nas-set-password", ...change };
}
type Apply = NonNullable<ExampleEstate["layers"]["nas-snapshots"][number]["apply"]>;

test("a retention that a deployment sets is that of the estate, also where no host looks", () => {
  const retention = { destination: "nas", share: "Backup", keepDays: 7, user: "keeper" };
  expect(onlyJob(withApply).nasRetention).toMatchObject(retention);
  const nobody = onlyJob(estate => {
    withApply(estate);
    delete estate.layers["nas-snapshots"][0]?.watch;
  });
  expect(nobody).toMatchObject({ nasRetention: retention, deployment: { kind: "planned" } });
  expect(onlyJob().nasRetention).toBeUndefined();
  const unpinned = onlyJob(estate => (withApply(estate), delete estate.destinations?.["nas"]?.hostKey));
  expect(unpinned.nasRetention).toBeUndefined();
});

test.each<[string, (estate: ExampleEstate) => void, RegExp]>([
  [
    "a retention that is no whole days",
    estate => (
      withApply(estate),
      Object.assign(estate.layers["nas-snapshots"][0] ?? {}, { keep: { count: 7 } })
    ),
    /keep: .*is no age of whole days/,
  ],
  [
    "an account that lies on a host",
    estate => void withApply(estate, { user: "holdfast" }),
    /apply\.user: "holdfast" is the account that looks/,
  ],
  [
    "a password that lies on a host",
    estate => void withApply(estate, { password: "nas-look-password" }),
    /apply\.password: "nas-look-password" is that of the account that looks, and lies on a host/,
  ],
  [
    "a key that lies on a host",
    estate => void withApply(estate, { secret: "nas-key" }),
    /apply\.secret: "nas-key" is that of the account that hosts send to/,
  ],
  [
    "an account that looks at another share, and lies on a host",
    estate => {
      withApply(estate, { user: "holdfast", secret: "nas-look-key", password: "nas-look-password" });
      const { watch, ...unwatched } = part(estate);
      const other = { ...unwatched, watch, share: "/Photos" };
      delete other.apply;
      delete estate.layers["nas-snapshots"][0]?.watch;
      estate.layers["nas-snapshots"].push(other);
    },
    /apply\.secret: "nas-look-key" is that of the account that looks, and lies on a host[^]*apply\.user: "holdfast" is the account that looks/,
  ],
  [
    "a key that hosts send to another NAS with",
    estate => {
      withApply(estate, { secret: "nas-key" });
      const { nas } = estate.destinations ?? {};
      if (!nas || !estate.destinations) throw new Error("the example has no NAS");
      estate.destinations["second"] = { ...nas, address: "nas2.example" };
      delete nas.receives;
    },
    /apply\.secret: "nas-key" is that of the account that hosts send to/,
  ],
  [
    "a secret that a host calls by",
    estate => void withApply(estate, { password: "pve-calls" }),
    /apply\.password: "pve-calls" is that of the call of pve, and lies on a host/,
  ],
  [
    "a firewall's key",
    estate => void withApply(estate, { secret: "pfsense-ssh-key" }),
    /apply\.secret: "pfsense-ssh-key" is that of firewall pfsense, and lies on a host/,
  ],
  [
    "a passphrase of encrypted volumes",
    estate => {
      withApply(estate, { password: "house-passphrase" });
      const { volumes } = estate.layers["daily-backup"]?.[0] ?? {};
      if (!volumes) throw new Error("the example copies no volumes");
      volumes.luksSecrets = ["house-passphrase"];
      if (estate.secrets) estate.secrets["house-passphrase"] = { keptIn: ["break-glass"] };
    },
    /apply\.password: "house-passphrase" is that of the encrypted volumes, and lies on a host/,
  ],
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
