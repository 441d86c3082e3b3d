import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { runChecks } from ".";

const codes = (change: (estate: ExampleEstate) => void) => [
  ...new Set(
    runChecks(planOf(parseEstate(exampleWith(change))), Date.UTC(2026, 10, 1)).map(({ code }) => code),
  ),
];

test("a leg that is gone is no idle watch", () => {
  expect(codes(({ layers }) => layers["offsite-sync"][0]?.legs.splice(1, 1))).toEqual([
    "routes/exclude-hides-data",
  ]);
});

test("a second route is no full backup disk", () => {
  expect(
    codes(({ hosts, layers }) => {
      if (hosts.pve?.disks.sda) hosts.pve.disks.sda.size = "400GB";
      if (layers["nfs-mirror"][0]) layers["nfs-mirror"][0].excludes = [];
    }),
  ).toEqual(["routes/two-routes"]);
});

test("a destination without snapshots is one finding for the whole estate, and no broken promise", () => {
  const findings = runChecks(
    planOf(
      parseEstate(
        exampleWith(({ layers }) => {
          layers["nas-snapshots"] = [];
        }),
      ),
    ),
    Date.UTC(2026, 10, 1),
  );
  expect(findings).toMatchObject([
    { code: "promises/unreachable-from-host-root", subject: "example" },
    // What the host looked by is left over, which is no loss.
    ...["nas-look-key", "nas-look-password"].map(subject => ({
      ...{ code: "security/secret-unused", subject, severity: "warning" },
      follows: "promises/unreachable-from-host-root example",
    })),
  ]);
});

const told = (change: (estate: ExampleEstate) => void) => {
  const findings = runChecks(planOf(parseEstate(exampleWith(change))), Date.UTC(2026, 10, 1));
  return {
    causes: findings.flatMap(({ code, subject, follows }) =>
      follows === undefined ? [`${code} ${subject}`] : [],
    ),
    first: findings[0],
    follow: findings.filter(({ follows }) => follows !== undefined),
  };
};

test("source and target swapped is one finding, whose fix does no harm, and all else follows from it", () => {
  const { causes, first, follow } = told(({ layers }) =>
    Object.assign(layers["nfs-mirror"][0] ?? {}, { source: "/mnt/backup", target: "/srv/nfs" }),
  );
  expect(causes).toEqual(["routes/mirror-turned-round nfs-mirror"]);
  expect(first?.fix).toContain('source: "/srv/nfs", target: "/mnt/backup"');
  expect(follow.length).toBeGreaterThan(5);
  expect(new Set(follow.map(({ follows }) => follows))).toEqual(new Set(causes));
});

test("an hour that the clocks skip comes before the promises that it breaks", () => {
  const { causes, follow } = told(({ layers, services }) => {
    Object.assign(layers["nfs-mirror"][0] ?? {}, { schedule: { onCalendar: "*-*-* 03:20:00" } });
    for (const name of ["etcd", "vault", "nextcloud", "books", "photos"])
      Object.assign(services[name] ?? {}, {
        promise: { rpo: { "live-disk": "36h", site: "36h", "host-root": "60h" }, rto: "8h" },
      });
  });
  expect(causes).toEqual(["schedule/runs-lost-to-dst nfs-mirror"]);
  expect(follow.map(({ code }) => code)).toContain("promises/rpo");
});

test.each([
  ["a budget of hours for minutes", { budget: "10h", timeout: "46min" }, "order/timeout-below-budget"],
  ["a budget of a day", { budget: "24h" }, "order/budget-out-of-bounds"],
])("%s is one finding, and what waits for the job follows from it", (_, change, code) => {
  const { causes, follow } = told(({ layers }) => Object.assign(layers["nfs-mirror"][0] ?? {}, change));
  expect(causes).toEqual([`${code} nfs-mirror`]);
  expect(follow.length).toBeGreaterThan(0);
});

test.each([
  ["offsite-sync", "06:00:00", "02:00:00"],
  ["offsite-sync", "12:00:00", "02:00:00"],
  ["daily-backup", "10:30:00", "01:00:00"],
  ["nfs-mirror", "08:00:00", "23:00:00"],
] as const)("%s at %s in a night that goes past midnight belongs to %s", (layer, time, turn) => {
  const { first, follow } = told(({ layers }) => {
    const at = (job: object | undefined, schedule: object) => Object.assign(job ?? {}, { schedule });
    at(layers["cluster-dump"][0], { cron: "0 21 * * *" });
    at(layers["cluster-dump"][1], { cron: "30 21 * * *" });
    at(layers["nfs-mirror"][0], { onCalendar: "*-*-* 23:00:00" });
    at(layers["daily-backup"][0], { onCalendar: "*-*-* 00:30:00", after: ["nfs-mirror"] });
    const after = ["daily-backup", "pfsense-backup", "nfs-mirror"];
    at(layers["offsite-sync"][0], { onCalendar: "*-*-* 04:00:00", after });
    Object.assign(layers[layer][0]?.schedule ?? {}, { onCalendar: `*-*-* ${time}` });
  });
  expect(first).toMatchObject({
    code: "schedule/out-of-turn",
    fix: expect.stringContaining(`Write "*-*-* ${turn}"`),
  });
  expect(follow.map(({ code }) => code)).toContain("promises/rpo");
});

test("runs that are unevenly apart are one finding, and the promises follow from it", () => {
  const { causes, follow } = told(({ layers, services }) => {
    Object.assign(layers["lvm-pvc-snapshot"][0] ?? {}, { schedule: { onCalendar: "*-*-* 00,20:00:00" } });
    Object.assign(services["nextcloud"] ?? {}, { promise: { rpo: { application: "15h" }, rto: "8h" } });
  });
  expect(causes).toEqual(["schedule/stale-above-promise lvm-pvc-snapshot"]);
  expect(follow.map(({ code }) => code)).toContain("promises/rpo");
});

test("a zone is named where it breaks something, and only there", () => {
  const zone = (cron: string, zone: string) =>
    told(({ layers }) => Object.assign(layers["cluster-dump"][0] ?? {}, { schedule: { cron, zone } }));
  expect(zone("0 1 * * *", "Asia/Tokyo").causes).toEqual(["schedule/zone-apart etcd-backup"]);
  expect(zone("0 1 * * *", "Europe/Athens")).toEqual({ causes: [], first: undefined, follow: [] });
});

test("what another line breaks is told by itself beside a job that is gone", () => {
  const weekly = told(({ layers }) => {
    layers["nfs-mirror"] = [];
    Object.assign(layers["cluster-dump"][0] ?? {}, {
      schedule: { cron: "0 1 * * 0" },
      promise: { rpo: "8d" },
    });
  });
  expect(weekly.causes).toEqual(["routes/disk-stays pve/sdc", "promises/rpo etcd"]);

  const nothingSent = told(({ layers, services }) => {
    layers["offsite-sync"] = [];
    layers["nas-snapshots"] = [];
    Reflect.deleteProperty(services, "pve-host");
  });
  expect(nothingSent.causes).toContain("estate/reads-nothing daily-backup");
});

test("what is accepted of each service of a disk isn't told of all of them", () => {
  const accepted = { reason: "a disk comes in spring", owner: "viktor", expires: "2027-06-30" };
  const { causes } = told(({ layers, waivers }) => {
    layers["nfs-mirror"] = [];
    waivers.push({ code: "routes/no-copy", subject: "books", ...accepted });
    for (const subject of ["etcd", "vault"])
      waivers.push({ code: "promises/single-medium", subject, ...accepted });
  });
  expect(causes).not.toContain("routes/disk-stays pve/sdc");
});

test("a secret that nothing names doesn't follow from an alert's number, whose mending leaves it", () => {
  const findings = runChecks(
    planOf(
      parseEstate(
        exampleWith(({ secrets, monitoring }) => {
          secrets["unseal-keys"] = { keptIn: ["break-glass"] };
          for (const alert of monitoring.alerts ?? []) alert.expr = alert.expr.replace("0.15", "15");
        }),
      ),
    ),
    Date.UTC(2026, 10, 1),
  );
  expect(findings.map(({ code, follows }) => [code, follows])).toEqual([
    ["alerts/always-fires", undefined],
    ["security/secret-unused", undefined],
  ]);
});
