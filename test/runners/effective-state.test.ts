import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestLines, sumOfLines } from "../../plan/contracts/release-manifest";
import { runnerOf } from "../../stacks/runner";
import { inTime } from "../long";
import { type Ended, release, ReleaseHost, timer } from "./release-host";

/* The real release script, its releases and the bundled runner; systemctl and findmnt are answered in the words of the real ones, which test/lab has. */
const files = release();
const mirror = "nfs-mirror";
const uuid = "22222222-2222-4222-8222-222222222222";
let host: ReleaseHost;
let bundle: string;

beforeAll(async () => {
  ({ path: bundle } = await runnerOf("effective-state"));
});
beforeEach(async () => {
  host = new ReleaseHost();
  await host.deploy(files);
  systemd();
  mounted("rw,nosuid,nodev");
  writeFileSync(
    join(host.folder, "config.json"),
    JSON.stringify({
      ...{ job: "effective-state", host: "pve", budgetMs: 600_000, stateDir: join(host.folder, "state") },
      textfile: join(host.folder, "state.prom"),
      differsTextfile: join(host.folder, "differs.prom"),
      pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 },
      settleMs: 0,
      declared: [
        { kind: "release", job: mirror, files: sumOfLines(manifestLines(files)) },
        { kind: "unit", unit: `${mirror}.service` },
        { kind: "unit", unit: `${mirror}.timer`, calendar: "*-*-* 02:00:00 UTC" },
        { kind: "mount", path: "/mnt/backup", fsUuid: uuid, options: ["rw", "nosuid", "nodev"] },
      ],
    }),
  );
});
afterEach(() => host.remove());

interface Loaded {
  readonly state?: string;
  readonly path?: string;
  readonly reload?: string;
  readonly calendar?: string;
  readonly next?: string;
  readonly sub?: string;
}

/** What systemd says that it has of the timer; of the service, what is well. */
function systemd({
  state = "loaded",
  path = `/etc/systemd/system/${mirror}.timer`,
  reload = "no",
  calendar = "*-*-* 02:00:00 UTC",
  next = "Tue 2026-12-01 02:00:00 UTC",
  sub = "waiting",
}: Loaded = {}): void {
  const service = `Id=${mirror}.service\nLoadState=loaded\nFragmentPath=/etc/systemd/system/${mirror}.service\nNeedDaemonReload=no`;
  const elapses = `{ OnCalendar=${calendar} ; next_elapse=${next || "n/a"} }`;
  const shown = `Id=${mirror}.timer\nLoadState=${state}\nFragmentPath=${path}\nNeedDaemonReload=${reload}\nTimersCalendar=${elapses}\nNextElapseUSecRealtime=${next}\nSubState=${sub}`;
  host.on("show", `case "$*" in *DropInPaths*) ;; *) printf '%s\\n\\n%s\\n' '${service}' '${shown}' ;; esac`);
}

function mounted(options: string, found: string | null = uuid): void {
  const row = { id: 30, target: "/mnt/backup", source: "/dev/sda1", fsroot: "/", fstype: "ext4" };
  const rows = JSON.stringify({ filesystems: [{ ...row, uuid: found, options }] });
  writeFileSync(join(host.folder, "bin", "findmnt"), `#!/bin/sh\n[ "$1" != --task=1 ] || echo '${rows}'\n`, {
    mode: 0o755,
  });
}

const command = (...words: string[]): string =>
  [process.execPath, bundle, "--config", join(host.folder, "config.json"), ...words].join(" ");
const look = (...words: string[]): Promise<Ended> => host.run(command(...words));

/** Subjects that the metric calls different. */
function told(): string[] {
  const text = readFileSync(join(host.folder, "differs.prom"), "utf8");
  return [...text.matchAll(/^effective_state_differs\{kind="(.*)",subject="(.*)"\} 1$/gm)].map(
    ([, kind, subject]) => `${kind} ${subject}`,
  );
}

const kept = (): string => readFileSync(join(host.folder, "state", "differences"), "utf8");

test("a host that has what was deployed has nothing that differs", async () => {
  const { exitCode, stdout } = await look();
  expect({ exitCode, told: told(), kept: kept() }).toEqual({ exitCode: 0, told: [], kept: "" });
  expect(stdout).toContain("4 things read back, 0 of them differ");
  expect(readFileSync(join(host.folder, "state.prom"), "utf8")).toMatch(
    /^effective_state_declared 4$[^]*^effective_state_differing 0$/m,
  );
});

test("a timer whose service it has started runs, and elapses again only after that", async () => {
  systemd({ next: "", sub: "running" });
  const { exitCode } = await look();
  expect({ exitCode, told: told(), kept: kept() }).toEqual({ exitCode: 0, told: [], kept: "" });
});

type Case = readonly [what: string, make: () => unknown, subject: string, line: RegExp];
const cases: readonly Case[] = [
  [
    "a disk that is mounted with less than is declared",
    () => mounted("rw,nodev"),
    "mount /mnt/backup",
    /^\/mnt\/backup: declared rw,nosuid,nodev, and it is mounted without nosuid\. Next: mount -o remount,nosuid \/mnt\/backup {3}\(and the same in \/etc\/fstab\)$/m,
  ],
  [
    "a release that somebody went back from",
    async () => {
      await host.deploy(release({ hour: "07" }));
      await host.run(`sh /opt/holdfast/${mirror}/release.sh roll-back`);
    },
    `release ${mirror}`,
    /^nfs-mirror: declared release [0-9a-f]{12}, and [0-9a-f]{12} is live: somebody went back from it\. Next: /m,
  ],
  [
    "a timer that elapses at another hour",
    () => systemd({ calendar: "*-*-* 05:00:00 UTC" }),
    `unit ${mirror}.timer`,
    /^nfs-mirror\.timer: declared "\*-\*-\* 02:00:00 UTC", and systemd says "\*-\*-\* 05:00:00 UTC"\. Next: systemctl cat nfs-mirror\.timer$/m,
  ],
  [
    "a masked timer",
    () => systemd({ state: "masked", path: "" }),
    `unit ${mirror}.timer`,
    /^nfs-mirror\.timer: declared a unit, and systemd says that it is masked\. Next: pulumi up$/m,
  ],
  [
    "a unit's file that isn't the release's",
    () => writeFileSync(join(host.folder, "units", `${mirror}.timer`), timer("05")),
    `unit ${mirror}.timer`,
    /^nfs-mirror\.timer: "\/etc\/systemd\/system\/nfs-mirror\.timer" isn't the release's\. Next: sh \/opt\/holdfast\/nfs-mirror\/release\.sh list$/m,
  ],
  [
    "an older release, made live by hand",
    async () => {
      await host.deploy(release({ hour: "07" }));
      systemd({ calendar: "*-*-* 02:00:00 UTC" });
    },
    `release ${mirror}`,
    /^nfs-mirror: declared other files than those of release [0-9a-f]{12}: an older one is live, another estate's, or that of an up that hasn't come to its end\. Next: /m,
  ],
  [
    "a timer that elapses no more",
    () => systemd({ next: "", sub: "elapsed" }),
    `unit ${mirror}.timer`,
    /systemd says that it elapses no more\. Next: systemctl start nfs-mirror\.timer$/m,
  ],
  [
    "a unit that systemd has loaded from elsewhere",
    () => systemd({ path: `/run/systemd/system/${mirror}.timer` }),
    `unit ${mirror}.timer`,
    /and systemd has loaded "\/run\/systemd\/system\/nfs-mirror\.timer"/,
  ],
  [
    "a unit that was written to and isn't in force yet",
    () => systemd({ reload: "yes" }),
    `unit ${mirror}.timer`,
    /its file was changed since systemd has loaded it/,
  ],
  [
    "a timer that is disabled",
    () => host.on("is-enabled", "exit 1"),
    `unit ${mirror}.timer`,
    /"nfs-mirror\.timer" isn't enabled/,
  ],
  [
    "a disk that has become read-only",
    () => mounted("ro,nosuid,nodev"),
    "mount /mnt/backup",
    /and it is mounted without rw\. Next: mount -o remount,rw \/mnt\/backup/,
  ],
  [
    "another disk",
    () => mounted("rw,nosuid,nodev", "33333333-3333-4333-8333-333333333333"),
    "mount /mnt/backup",
    /declared the file system 2{8}-.*, and 3{8}-.* is mounted\. Next: findmnt/,
  ],
  [
    "a bundle that was changed, and its manifest with it",
    () =>
      host.run(
        `cd /opt/holdfast/${mirror}/current && echo >>${mirror}.cjs && sed -i "s/^.*  ${mirror}.cjs/$(sha256sum <${mirror}.cjs | cut -c1-64)  ${mirror}.cjs/" manifest`,
      ),
    `release ${mirror}`,
    /^nfs-mirror: release [0-9a-f]{12} isn't what was deployed: its manifest was changed\. Next: /m,
  ],
  [
    "a release that is gone",
    () => rmSync(join(host.folder, "opt", "holdfast", mirror), { recursive: true }),
    `release ${mirror}`,
    /^nfs-mirror: declared a release, and "\/opt\/holdfast\/nfs-mirror\/release\.sh" isn't there\. Next: pulumi up$/m,
  ],
];

test.each(inTime(6, cases))("%s is told by its name, in a line", async (_, make, subject, line) => {
  await make();
  const { exitCode, stdout, stderr } = await look();
  expect({ exitCode, stderr, told: told() }).toEqual({ exitCode: 0, stderr: "", told: [subject] });
  expect(kept()).toMatch(line);
  expect(stdout).toMatch(/1 of them differ/);
});

test("what was put right differs no more after the next look", async () => {
  mounted("rw,nodev");
  await look();
  expect(told()).toEqual(["mount /mnt/backup"]);
  mounted("rw,nosuid,nodev");
  await look();
  expect({ told: told(), kept: kept() }).toEqual({ told: [], kept: "" });
});

test("what differs for a moment alone, as while somebody deploys, isn't told", async () => {
  host.on("is-active", `[ -e "${host.folder}/settled" ] || { touch "${host.folder}/settled"; exit 3; }`);
  await look();
  expect(told()).toEqual([]);
});

test("a dry run says what differs, and tells nobody", async () => {
  mounted("rw,nodev");
  const { exitCode, stdout, stderr } = await look("--dry-run");
  expect(exitCode).toBe(0);
  expect(stdout + stderr).toContain(
    "/mnt/backup: declared rw,nosuid,nodev, and it is mounted without nosuid",
  );
  expect(() => told()).toThrow("ENOENT");
});

test("a look that systemd doesn't answer fails, and what the last one told stays told", async () => {
  mounted("rw,nodev");
  await look();
  host.on("show", 'case "$*" in *DropInPaths*) ;; *) echo "Failed to connect to bus" >&2; exit 1 ;; esac');
  const { exitCode, stdout, stderr } = await look();
  expect({ exitCode, told: told() }).toEqual({ exitCode: 1, told: ["mount /mnt/backup"] });
  expect(stdout + stderr).toContain(
    "systemd can't be asked: systemctl show ended with 1: Failed to connect to bus",
  );
});

test("which folder node-exporter reads says that of the host itself, and none of a container's that goes by its name", async () => {
  const file = join(host.folder, "config.json");
  const folder = "/var/lib/prometheus/node-exporter";
  const declared = [{ kind: "textfiles", folder }];
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), declared }));
  const script = join(host.folder, "exporters");
  /** On a host where nothing else runs. */
  const lookBeside = async (own: string): Promise<string> => {
    const inside = `unshare --pid --fork bash -c 'exec -a node_exporter sleep 900' &
${own}
while ! grep -qszx 'node[_]exporter' /proc/[0-9]*/cmdline; do sleep 0.1; done
${command("--dry-run")} 2>&1
`;
    writeFileSync(script, inside);
    return (await host.run(`timeout 900 unshare --pid --fork --kill-child --mount-proc bash ${script}`))
      .stdout;
  };
  const started = (words: string): string =>
    `bash -c 'exec -a /usr/bin/prometheus-node-exporter sh -c "sleep 900; :" ${words}' &
while ! grep -qszx '/usr/bin/prometheus[-]node-exporter' /proc/[0-9]*/cmdline; do sleep 0.1; done`;
  expect(await lookBeside(":")).toContain("declared to be read by node-exporter, and none runs");
  expect(await lookBeside(started(""))).not.toContain("declared to be read");
  expect(await lookBeside(started("--collector.textfile.directory=/elsewhere"))).toContain(
    'declared to be read by node-exporter, which reads "/elsewhere". Next:',
  );
});
