import { planOf, parseEstate } from "../..";
import { offsiteSyncConfig } from "../../contracts/offsite-sync";
import { type ExampleEstate, exampleWith } from "../../estate/example";
import { lossesOf } from "../../graph/loss";
import { releaseFiles } from "../release-files.test-support";

function planned(change: (estate: ExampleEstate) => void = () => undefined) {
  const plan = planOf(parseEstate(exampleWith(change)));
  const job = plan.jobs.find(({ name }) => name === "offsite-sync-backup");
  if (!job) throw new Error("the example has no offsite-sync-backup");
  return { plan, job };
}

test("the run knows of each leg whose journals name what changes in it, and what holds generations", () => {
  const { job } = planned();
  const text = releaseFiles(job).find(({ name }) => name === "config.json")?.text ?? "";
  const config = offsiteSyncConfig.parse(JSON.parse(text));
  const [backup, photos] = config.legs;
  expect(backup).toMatchObject({
    ...{ from: "/mnt/backup", to: "pve-backup" },
    generations: expect.arrayContaining([
      { folder: "pvc-data", keeps: 4 },
      { folder: "sqlite-backup", keeps: 4 },
      { folder: "pfsense", keeps: 4 },
      { folder: "vm-images", keeps: 2 },
    ]) as unknown[],
  });
  expect(backup?.journals.map(({ writer }) => writer)).toEqual(
    expect.arrayContaining(["nfs-mirror", "daily-backup", "pfsense-backup", "vm-images"]),
  );
  expect(photos).toMatchObject({
    to: "nfs/photos",
    mount: { path: "/srv/nfs" },
    generations: [],
    journals: [
      {
        ...{ writer: "nfs-change-tracker", root: "/srv/nfs", watches: true },
        folder: "/var/lib/holdfast/nfs-change-tracker/journal/srv/nfs",
      },
    ],
  });
});

test("its full pass follows the estate's calendar, in its zone", () => {
  const { job } = planned();
  const text = releaseFiles(job).find(({ name }) => name === "config.json")?.text ?? "";
  expect(offsiteSyncConfig.parse(JSON.parse(text)).fullPass).toBe("Sun *-*-1..7 Europe/Sofia");
});

test("its hours of the line are those of its schedule's zone", () => {
  const { job } = planned(({ layers }) => {
    const [part] = layers["offsite-sync"];
    if (part) part.bandwidth = [{ from: "22:30", to: "07:00", atMost: "2MB" }];
  });
  const text = releaseFiles(job).find(({ name }) => name === "config.json")?.text ?? "";
  const limits = [{ fromMs: 22.5 * 3_600_000, toMs: 7 * 3_600_000, bytesPerSecond: 2_000_000 }];
  expect(offsiteSyncConfig.parse(JSON.parse(text)).pace).toEqual({ zone: "Europe/Sofia", limits });
});

test.each([
  [[{ from: "07:00", to: "07:00", atMost: "2MB" }], "is the same as from"],
  [[{ from: "7:00", to: "23:00", atMost: "2MB" }], 'expected a time of the day from "00:00" to "23:59"'],
  [[{ from: "07:00", to: "23:00", atMost: "2kB" }], 'is less than "10kB" a second'],
  [
    [
      { from: "22:00", to: "07:00", atMost: "2MB" },
      { from: "06:30", to: "12:00", atMost: "1MB" },
    ],
    "lies between 22:00 and 07:00, where another limit holds already. Begin it at 07:00, or end that at 06:30",
  ],
])("refuses hours of the line such as %j", (bandwidth, says) => {
  const change = ({ layers }: ExampleEstate) => Object.assign(layers["offsite-sync"][0] ?? {}, { bandwidth });
  expect(() => planned(change)).toThrow(says);
});

function withFriend(change: (part: { name?: string }) => void = () => undefined) {
  return planned(({ destinations, layers, links }) => {
    const nas = destinations?.["nas"];
    if (nas) destinations["friend"] = { ...nas, kind: "ssh", site: "friend", address: "friend.example" };
    links?.push({ from: "pve", to: "friend", bandwidth: "5MB" });
    const [part] = layers["offsite-sync"] ?? [];
    if (!part) return;
    const friend = { ...part, destination: "friend", name: "offsite-friend" };
    change(friend);
    layers["offsite-sync"]?.push(friend);
  });
}

test("a change that isn't there when the promised loss is over is an alert, after that of a leg that is late", () => {
  const { judged, alerts } = planned(({ layers }) => {
    const [part] = layers["offsite-sync"];
    if (part) part.promise.rpo = "31h";
  }).job;
  const limits = alerts.flatMap(({ name, fires }) => (fires.kind === "older" ? [[name, fires.thanMs]] : []));
  expect(Object.fromEntries(limits)).toMatchObject({
    OffsiteDebtOld: 31 * 3_600_000,
    OffsiteLegStale: judged.staleAfterMs,
  });
  expect(judged.staleAfterMs).toBeLessThan(31 * 3_600_000);
});

test("a copy that counts once it was compared makes losses longer by the scrub's period, and those of snapshots there too", () => {
  const lossesWith = (scrub: { period: string; counts?: "sent" | "compared" }) =>
    lossesOf(planned(({ layers }) => Object.assign(layers["offsite-sync"][0] ?? {}, { scrub })).plan);
  const [sent, compared] = [lossesWith({ period: "5d" }), lossesWith({ period: "5d", counts: "compared" })];
  const dayMs = 86_400_000;
  const longer = sent.map((loss, index) => ({
    domain: loss.domain,
    isAway: loss.via.some(name => name === "offsite-sync-backup"),
    byDays: ((compared[index]?.worstLossMs ?? 0) - (loss.worstLossMs ?? 0)) / dayMs,
  }));
  const away = longer.filter(({ domain, isAway }) => isAway && domain === "site");
  expect(away.length).toBeGreaterThan(1);
  expect(new Set(away.map(({ byDays }) => byDays))).toEqual(new Set([5]));
  const snapshots = longer.filter((_, index) => sent[index]?.via.includes("nas-snapshots"));
  expect(snapshots.map(({ byDays }) => byDays).filter(days => days !== 5)).toEqual([]);
  expect(longer.filter(({ isAway }) => !isAway).map(({ byDays }) => byDays)).toEqual(
    longer.filter(({ isAway }) => !isAway).map(() => 0),
  );
});

test("a second destination is a job, a command and a consumer of its own", () => {
  const { plan } = withFriend();
  const both = plan.jobs.filter(({ layer }) => layer === "offsite-sync");
  expect(both.map(({ name, metricsJob }) => ({ name, metricsJob }))).toEqual([
    { name: "offsite-sync-backup", metricsJob: "offsite-backup-sync" },
    { name: "offsite-friend", metricsJob: "offsite-friend" },
  ]);
  const config = offsiteSyncConfig.parse(
    JSON.parse(both[1] ? (releaseFiles(both[1]).find(({ name }) => name === "config.json")?.text ?? "") : ""),
  );
  expect(config).toMatchObject({
    ...{ job: "offsite-friend", stateDir: "/var/lib/holdfast/offsite-friend" },
    predecessors: [
      { job: "daily-backup", stateDir: "/var/lib/holdfast/daily-backup" },
      { job: "pfsense-backup", stateDir: "/var/lib/holdfast/pfsense-backup" },
    ],
  });
});

test("a second destination without a name is refused, by the field that it lacks", () => {
  expect(() => withFriend(part => delete part.name)).toThrow(
    /layers\["offsite-sync"\]\[1\]\.host: "pve" has two jobs named offsite-sync-backup: .*a "name" of its own/,
  );
});

test("its key is a credential of its own, and it writes to nothing but journals", () => {
  const { job } = planned();
  expect(job.credentials).toEqual([{ name: "nas-key", from: { kind: "secret", secret: "nas-key" } }]);
  const service = releaseFiles(job).find(({ name }) => name === "offsite-sync-backup.service")?.text;
  expect(service).toMatch(
    /^LoadCredential=nas-key:\/etc\/holdfast\/credentials\/offsite-sync-backup\/nas-key$/m,
  );
  expect(service).not.toMatch(/^ReadWritePaths=.*\/mnt\/backup/m);
  expect(service).toMatch(/^ReadWritePaths=.*-\/var\/lib\/holdfast\/nfs-mirror\/journal/m);
  // Of a job that has never run as well: a cursor couldn't be kept where there is no folder.
  expect(service).toMatch(/^ExecStartPre=.*mkdir -p .* \/var\/lib\/holdfast\/vm-images\/journal/m);
});

test("a destination that nobody can prove, or that lets nobody in, is planned and not installed", () => {
  const unpinned = planned(({ destinations }) => delete destinations?.["nas"]?.hostKey);
  expect(unpinned.job.deployment).toEqual({ kind: "planned" });
  const closed = planned(({ destinations }) => delete destinations?.["nas"]?.receives);
  expect(closed.job.deployment).toEqual({ kind: "planned" });
});

test("any machine with rsync and SSH is a destination", () => {
  const { job } = planned(({ destinations, layers }) => {
    const { nas } = destinations ?? {};
    if (nas) nas.kind = "ssh";
    layers["nas-snapshots"] = [];
  });
  expect(job.deployment.kind).toBe("timer");
});

test.each<[string, (estate: ExampleEstate) => void, RegExp]>([
  [
    "a leg that the key doesn't open",
    ({ layers }) => {
      const leg = layers["offsite-sync"]?.[0]?.legs[1];
      if (leg) leg.to = "/Photos";
    },
    /legs\[1\]\.to: "\/Photos" lies outside of "\/Backup"/,
  ],
  [
    "a key that nobody has",
    ({ secrets }) => {
      delete secrets?.["nas-key"];
    },
    /destinations\.nas\.receives\.secret: "nas-key" names no secret/,
  ],
])("refuses %s", (_, change, message) => {
  expect(() => planned(change)).toThrow(message);
});
