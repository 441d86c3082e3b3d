import { faultsOfRefusal } from "./words.test-support";
import { parseEstate } from "..";
import { type ExampleEstate, exampleEstate, exampleWith } from "./example";
import { exampleRsaKey } from "./example-keys";
import { EstateInvalid, type EstateFault } from "./faults";

function faultsOf(change: (estate: ExampleEstate) => void): readonly EstateFault[] {
  try {
    parseEstate(exampleWith(change));
  } catch (error) {
    if (error instanceof EstateInvalid) return error.faults;
    throw error;
  }
  return [];
}

/** Sets a field that the type forbids. */
function set(target: object | undefined, field: string, value: unknown): void {
  Object.assign(target ?? {}, { [field]: value });
}

test("accepts the example, and gives the same estate after a round trip through JSON", () => {
  const estate = parseEstate(exampleEstate());
  expect(parseEstate(JSON.parse(JSON.stringify(exampleEstate())))).toEqual(estate);
});

test("tells all faults at once, each with path, value and what is allowed", () => {
  const faults = faultsOf(estate => {
    const [mirror] = estate.layers["nfs-mirror"];
    set(mirror, "budgett", "1h");
    set(mirror, "schedule", { onCalendar: "*-*-* 25:00:00" });
    set(mirror, "target", "/srv/nfs/backup");
    set(mirror, "source", "srv/nfs");
    set(estate, "zone", "Europe/Sofa");
    set(estate.layers["cluster-dump"][0], "schedule", { cron: "0 25 * * *" });
  });
  expect(faults.map(({ path, value }) => [path, value])).toEqual(
    expect.arrayContaining([
      ["estate.zone", '"Europe/Sofa"'],
      ['estate.layers["nfs-mirror"][0].schedule.onCalendar', '"*-*-* 25:00:00"'],
      ['estate.layers["nfs-mirror"][0].source', '"srv/nfs"'],
      ['estate.layers["nfs-mirror"][0].budgett', '"1h"'],
      ['estate.layers["cluster-dump"][0].schedule.cron', '"0 25 * * *"'],
    ]),
  );
  expect(faults.flatMap(({ problem }) => faultsOfRefusal(problem))).toEqual([]);
});

test.each<[string, (estate: ExampleEstate) => void, string, RegExp]>([
  [
    "a target inside the source",
    estate => set(estate.layers["nfs-mirror"][0], "target", "/srv/nfs/backup"),
    'estate.layers["nfs-mirror"][0].target',
    /overlaps with source/,
  ],
  [
    "a dump of what each object has of itself",
    estate => set(estate.layers["cluster-dump"][0], "dataset", "constructor"),
    'estate.layers["cluster-dump"][0].dataset',
    /is called "constructor".*Expected any other name/,
  ],
  [
    "a cluster on what each object has of itself",
    ({ clusters }) => set(Object.values(clusters)[0], "hosts", ["constructor"]),
    "estate.clusters.k8s.hosts[0]",
    /is called "constructor".*Expected any other name/,
  ],
  [
    "every service as one that is made anew each night",
    estate => set(estate.layers["nfs-mirror"][0], "rewritten", [{ name: "*", reason: "they are all dumps" }]),
    'estate.layers["nfs-mirror"][0].rewritten[0].name',
    /Expected what is made anew alone/,
  ],
  [
    "31 February",
    estate => set(estate.layers["nfs-mirror"][0], "schedule", { onCalendar: "*-02-31 02:00" }),
    'estate.layers["nfs-mirror"][0].schedule.onCalendar',
    /never comes/,
  ],
  [
    "a zone in the calendar's text",
    estate => set(estate.layers["nfs-mirror"][0], "schedule", { onCalendar: "*-*-* 02:00 Europe/Sofia" }),
    'estate.layers["nfs-mirror"][0].schedule.onCalendar',
    /in the field "zone"/,
  ],
  [
    "a size without a unit",
    estate => set(estate.hosts["pve"]?.disks["sda"], "size", "1100"),
    "estate.hosts.pve.disks.sda.size",
    /a number with a unit/,
  ],
  [
    "a negative size",
    estate => set(estate.hosts["pve"]?.disks["sda"], "size", "-1TB"),
    "estate.hosts.pve.disks.sda.size",
    /a number with a unit/,
  ],
  [
    "a size of 400 digits",
    estate => set(estate.hosts["pve"]?.disks["sda"], "size", `${"9".repeat(400)}TB`),
    "estate.hosts.pve.disks.sda.size",
    /beyond 1000 PB/,
  ],
  [
    "a budget of 400 digits",
    estate => set(estate.layers["nfs-mirror"][0], "budget", `${"9".repeat(400)}h`),
    'estate.layers["nfs-mirror"][0].budget',
    /longer than 10000 years/,
  ],
  [
    "an address that ssh takes for an option",
    estate => set(estate.hosts["pve"], "address", "-oProxyCommand=reboot"),
    "estate.hosts.pve.address",
    /expected a host name or an address, without a port, e\.g\. "pve\.example"/,
  ],
  [
    "a NAS's address with a shell's words",
    estate => set(estate.destinations["nas"], "address", "nas;reboot"),
    "estate.destinations.nas.address",
    /expected a host name or an address/,
  ],
  [
    "an account that is an option",
    estate => set(estate.hosts["pve"]?.ssh, "user", "-l root"),
    "estate.hosts.pve.ssh.user",
    /expected the name of an account/,
  ],
  [
    "a volume group with a shell's words",
    estate => set(estate.hosts["pve"]?.pools?.["data"], "vg", "pve; reboot"),
    "estate.hosts.pve.pools.data.vg",
    /expected a volume group as `vgs` prints it/,
  ],
  [
    "two jobs whose alerts have one name",
    estate => set(estate.layers["lvm-pvc-snapshot"][0], "alert", { receiver: "infra", called: "NfsMirror" }),
    'estate.layers["lvm-pvc-snapshot"][0].alert.called',
    /is what the alerts of nfs-mirror are called too/,
  ],
  [
    "a dump whose alerts have the name of a host's job's",
    estate => set(estate.layers["cluster-dump"]?.[0], "alert", { receiver: "infra", called: "NfsMirror" }),
    'estate.layers["cluster-dump"][0].alert.called',
    /is what the alerts of nfs-mirror are called too/,
  ],
  [
    "a name of alerts that none can have",
    estate =>
      set(estate.layers["lvm-pvc-snapshot"][0], "alert", { receiver: "infra", called: "lvm snapshot" }),
    'estate.layers["lvm-pvc-snapshot"][0].alert.called',
    /expected what the names of the alerts begin with, in CamelCase/,
  ],
  [
    "a pattern that is an option",
    estate => set(estate.layers["lvm-pvc-snapshot"][0], "pattern", "--yes"),
    'estate.layers["lvm-pvc-snapshot"][0].pattern',
    /expected a glob of LVM names/,
  ],
  [
    "a path with a line of its own in a unit",
    estate =>
      set(estate.hosts["pve"]?.filesystems, "/srv\nExecStartPre=reboot", {
        disk: "sdc",
        fsUuid: "11111111-1111-4111-8111-111111111112",
      }),
    'estate.hosts.pve.filesystems["/srv\\nExecStartPre=reboot"]',
    /expected an absolute path/,
  ],
  [
    "a calendar over two lines",
    estate => set(estate.layers["nfs-mirror"][0], "schedule", { onCalendar: "*-*-*\n02:00:00" }),
    'estate.layers["nfs-mirror"][0].schedule.onCalendar',
    /text in one line/,
  ],
  [
    "an owner of two lines",
    estate =>
      estate.waivers.push({
        code: "promises/rpo",
        subject: "books",
        reason: "a reason long enough",
        owner: "me\nno findings.",
        expires: "2027-06-30",
      }),
    "estate.waivers[0].owner",
    /text in one line/,
  ],
  [
    "a host pinned by an RSA key",
    estate => set(estate.hosts["pve"]?.ssh, "hostKey", exampleRsaKey),
    "estate.hosts.pve.ssh.hostKey",
    /OpenSSH has refused since 8\.8\. Pin its Ed25519 key: `ssh-keyscan -t ed25519 HOST`/,
  ],
  [
    "a waiver's date that doesn't exist",
    estate =>
      estate.waivers.push({
        code: "promises/rpo",
        subject: "books",
        reason: "a reason long enough",
        owner: "me",
        expires: "2027-02-31",
      }),
    "estate.waivers[0].expires",
    /a date that exists/,
  ],
  [
    "a dump of an unknown service",
    estate => set(estate.layers["cluster-dump"][0], "dataset", "etdc"),
    'estate.layers["cluster-dump"][0].dataset',
    /names no dataset of a service \(known: .*"etcd"/,
  ],
  [
    "a job that waits for an unknown one",
    estate => set(estate.layers["offsite-sync"][0]?.schedule, "after", ["daily"]),
    'estate.layers["offsite-sync"][0].schedule.after[0]',
    /names no job of host pve \(known: .*"daily-backup"/,
  ],
  [
    "an unknown receiver",
    estate => set(estate.layers["nfs-mirror"][0], "alert", { receiver: "nobody" }),
    'estate.layers["nfs-mirror"][0].alert.receiver',
    /names no receiver \(known: "infra"\)/,
  ],
  [
    "two mirrors on one host",
    estate => estate.layers["nfs-mirror"].push(...structuredClone(estate.layers["nfs-mirror"])),
    'estate.layers["nfs-mirror"][1].host',
    /a host has one of each layer/,
  ],
  [
    "retention of two kinds",
    estate => set(estate.layers["nas-snapshots"][0], "keep", { age: "7d", count: 3 }),
    'estate.layers["nas-snapshots"][0].keep',
    /just one of/,
  ],
])("refuses %s", (_, change, path, problem) => {
  const faults = faultsOf(change);
  expect(faults).toEqual([{ path, value: expect.any(String), problem: expect.stringMatching(problem) }]);
  for (const fault of faults)
    expect({ problem: fault.problem, faults: faultsOfRefusal(fault.problem) }).toEqual({
      problem: fault.problem,
      faults: [],
    });
});

test("a value that is no estate at all is one fault, not a crash", () => {
  for (const nothing of [undefined, null, 3, "estate", []])
    expect(() => parseEstate(nothing)).toThrow(EstateInvalid);
});

test.each([
  [
    "an alert left out",
    estate => Reflect.deleteProperty(estate.layers["nfs-mirror"][0] ?? {}, "alert"),
    'nothing is given here, but the estate needs fields in braces there. Add it, e.g. {"receiver":"infra"}',
  ],
  [
    "a budget left out",
    estate => Reflect.deleteProperty(estate.layers["nfs-mirror"][0] ?? {}, "budget"),
    'nothing is given here, but the estate needs a text in quotes there. Add it, e.g. "45min"',
  ],
  [
    "a cron calendar left out, with an example in cron's own grammar",
    estate => set(estate.layers["cluster-dump"][0], "schedule", {}),
    'nothing is given here, but the estate needs a text in quotes there. Add it, e.g. "0 1 * * *"',
  ],
  [
    "a number for a text",
    estate => set(estate.layers["nfs-mirror"][0], "usualRun", 20),
    '20 can\'t stand here: expected a text in quotes, e.g. "20min"',
  ],
  [
    "a database that lives nowhere",
    estate => Reflect.deleteProperty(estate.services["vault"]?.data[0] ?? {}, "on"),
    "nothing is given here, but the estate needs something there. Add it, e.g. {",
  ],
  [
    "no data",
    estate => set(estate.services["books"], "data", []),
    "[] has too few entries: expected 1 or more",
  ],
  [
    "an empty name of an exporter",
    estate => set(estate.monitoring.exporters?.[0], "job", ""),
    '"" is empty: expected a text, e.g. "proxmox-host"',
  ],
] as readonly (readonly [string, (estate: ExampleEstate) => unknown, string])[])(
  "says the rule and an example that is right there: %s",
  (_, change, told) => {
    const [fault, ...others] = faultsOf(change);
    expect(others).toEqual([]);
    expect(`${fault?.value} ${fault?.problem}`).toContain(told);
    expect(faultsOfRefusal(fault?.problem ?? "")).toEqual([]);
    // No word of the library that found it.
    expect(fault?.problem).not.toMatch(/invalid|undefined|null|record|object|zod|union/i);
  },
);

test("a value stands once before what is wrong with it, as a sentence has it", () => {
  const told = (change: (estate: ExampleEstate) => void): string =>
    new EstateInvalid(faultsOf(change)).message;
  expect(told(estate => set(estate.layers["cluster-dump"][0], "schedule", { cron: "1 0 * *" }))).toContain(
    '.schedule.cron: "1 0 * *" has 4 fields, expected 5 ',
  );
  expect(told(estate => set(estate.hosts["pve"], "site", "Home"))).toContain(
    'estate.hosts.pve.site: "Home": expected lower-case letters',
  );
});

test("an estate of a later version is refused for that alone, with what to install", () => {
  const faults = faultsOf(estate => {
    set(estate, "version", 2);
    set(estate, "zones", ["Europe/Sofia"]);
    set(estate, "zone", undefined);
  });
  expect(faults).toMatchObject([{ path: "estate.version", value: "2" }]);
  expect(faults[0]?.problem).toContain("Install the holdfast that it was written for");
  expect(faultsOf(estate => set(estate, "version", 1))).toEqual([]);
  expect(faultsOf(estate => set(estate, "version", "2"))).toMatchObject([
    { path: "estate.version", value: '"2"', problem: `isn't one of 1. Did you mean "1"?` },
  ]);
});

test("a tree may hold more than its own file system, where another one is mounted in it", () => {
  const faults = (isMounted: boolean): string[] =>
    faultsOf(estate => {
      set(estate.hosts["pve"]?.filesystems["/srv/nfs"], "size", "350GB");
      set(estate.services["photos"]?.data[0], "size", "400GB");
      if (isMounted)
        set(estate.hosts["pve"]?.filesystems, "/srv/nfs/photos/raw", {
          ...{ disk: "sdc", fsUuid: "44444444-4444-4444-8444-444444444444" },
        });
    }).map(({ path }) => path);
  expect(faults(false)).toEqual(["estate.services.photos.data[0].size"]);
  expect(faults(true)).toEqual([]);
});

test("a cluster's disk that nobody has, or that is for backups, isn't also told for its nodes that lie elsewhere", () => {
  const faults = (disk: string): string[] =>
    faultsOf(estate => set(estate.clusters?.["k8s"], "disk", disk)).map(({ path }) => path);
  expect(["sdx", "sda", "sdb"].map(faults)).toEqual([1, 1, 1].map(() => ["estate.clusters.k8s.disk"]));
});
