import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EstateInput } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { withDump } from "../program/dump-estate";
import { estateWith } from "../program/estate";
import { release, ReleaseHost } from "./release-host";
import { holdfastIn } from "./support/holdfast";

/* The real release script and shell; systemctl, df, lvs and kubectl are answered in the words of the real ones, which test/lab has. */
const hourMs = 3_600_000;
let host: ReleaseHost;
const nowMs = Math.floor(Date.now() / 1000) * 1000;

beforeAll(async () => {
  host = new ReleaseHost();
  host.leadHere();
  mkdirSync(join(host.folder, "textfiles"));
  await host.deploy(release());
  // What stands there on this machine is nobody's business here.
  host.before = `mount -t tmpfs none /var/lib && mkdir -p /var/lib/prometheus/node-exporter && mount --bind "${join(host.folder, "textfiles")}" /var/lib/prometheus/node-exporter`;
});
afterAll(() => host.remove());
beforeEach(() => {
  for (const name of ["on-is-active", join("bin", "date")]) rmSync(join(host.folder, name), { force: true });
  estate(estateWith());
  host.installSsh();
  timer(nowMs + 5 * hourMs);
  ended(0, 3);
  answers("df", filesystem("/srv/nfs", 9_000, 4_000) + filesystem("/mnt/backup", 1_000, 400));
});
function estate(input: EstateInput): void {
  writeFileSync(join(host.folder, "estate.json"), JSON.stringify(input));
}

/** Makes a program of the host say something; its words choose the lines that name them. */
function answers(program: string, script: string): void {
  writeFileSync(join(host.folder, "bin", program), `#!/bin/sh\n${script}`, { mode: 0o755 });
}

function filesystem(mount: string, sizeBytes: number, freeBytes: number): string {
  return `case "$*" in *" ${mount}") printf '1B-blocks Avail Mounted on\\n %s %s %s\\n' ${sizeBytes} ${freeBytes} ${mount} ;; esac\n`;
}

/** @param endedH how long ago the last run ended, in hours */
function timer(nextMs: number, service = "inactive", { endedH = 3, job = "nfs-mirror" } = {}): void {
  const show = `ActiveState=${service}\nExecMainStartTimestamp=@${nowMs / 1000 - 60}\nInactiveEnterTimestamp=@${nowMs / 1000 - endedH * 3600}`;
  host.on("show", `case "$*" in *timestamp=unix*${job}.service) printf '%s\\n' '${show}' ;; esac`);
  const timers = [
    { unit: "fstrim.timer", next: 0 },
    { unit: "nfs-mirror.timer", next: nextMs * 1000 + 586 },
  ];
  host.on("list-timers", `printf '%s\\n' '${JSON.stringify(timers)}'`);
}

/** @param agoH age of the last success, in hours */
function ended(status: number, agoH: number): void {
  const text = `# HELP nfs_mirror_last_status 0\n# TYPE nfs_mirror_last_status gauge\nnfs_mirror_last_status ${status}\nnfs_mirror_last_success_timestamp ${nowMs / 1000 - agoH * 3600}\n`;
  writeFileSync(join(host.folder, "textfiles", "nfs-mirror.prom"), text);
}

const status = (...args: readonly string[]) => holdfastIn(host.folder, ["status", ...args]);

test("a host on which all is well is one screen, and ends with 0", async () => {
  const { exitCode, text } = await status();
  expect(text).toMatch(/ pve +│ nfs-mirror +│ 3 h ago +│ 25 h +│ in \d+ (h|min) +│ well /);
  expect(text).toMatch(/ pve +│ \/mnt\/backup +│ 400 B +│ 1 kB +│ - +│ - +│ well /);
  expect(text).toContain("All is well: 1 machine, 1 job, 2 stores.\n");
  expect(exitCode).toBe(0);
  const { machines } = JSON.parse((await status("--json")).text) as { machines: unknown };
  expect(machines).toEqual([
    {
      ...{ on: "pve", kind: "host", state: "well", says: [] },
      jobs: [
        {
          ...{ on: "pve", job: "nfs-mirror", state: "well", says: [], running: null },
          lastSuccess: new Date(nowMs - 3 * hourMs).toISOString(),
          nextStart: new Date(nowMs + 5 * hourMs).toISOString(),
          staleAfterSeconds: expect.any(Number) as number,
        },
      ],
      stores: [
        expect.objectContaining({ store: "/srv/nfs", sizeBytes: 9_000, freeBytes: 4_000, state: "well" }),
        expect.objectContaining({ store: "/mnt/backup", sizeBytes: 1_000, freeBytes: 400, state: "well" }),
      ],
    },
  ]);
});

test.each([
  [
    "a run that failed",
    () => ended(3, 20),
    /nfs-mirror on pve: failed \(3\), and last succeeded at .*Z\. Next: ssh -p 22 root@pve\.example journalctl -n 50 -u nfs-mirror\n/,
  ],
  [
    "a run that systemd couldn't begin, which leaves no other word,",
    () => timer(nowMs + 5 * hourMs, "failed", { endedH: 2 }),
    /nfs-mirror on pve: failed, as systemd has it\. Next: ssh -p 22 root@pve\.example journalctl -n 50 -u nfs-mirror\n/,
  ],
  [
    "a success that is too old",
    () => ended(0, 30),
    /nfs-mirror on pve: last succeeded at .*, and may be silent for \d+ min\. Next: /,
  ],
  [
    "a success that hasn't come yet",
    () => ended(0, -30),
    /nfs-mirror on pve: last succeeded at .*, which hasn't come yet\. Next: /,
  ],
  [
    "a file system that isn't mounted",
    () => answers("df", filesystem("/srv/nfs", 9_000, 4_000)),
    /\/mnt\/backup on pve: isn't mounted, or doesn't answer\. Next: on pve, findmnt \/mnt\/backup; systemctl --failed; dmesg --level err,warn \| tail\n/,
  ],
  [
    "one that is full",
    () => answers("df", filesystem("/srv/nfs", 9_000, 0) + filesystem("/mnt/backup", 9, 9)),
    /\/srv\/nfs on pve: is full\. Next: holdfast plan --estate \S+estate\.json says what each job keeps there\n/,
  ],
  [
    "a clock that is wrong",
    () =>
      answers(
        "date",
        `[ "$*" != +%s ] || { echo ${Math.floor(Date.now() / 1000) + 600}; exit; }; exec /bin/date "$@"\n`,
      ),
    /pve: its clock is \d{3} s ahead of this machine's\. Next: timedatectl/,
  ],
  [
    "a timer that somebody stopped",
    () => host.on("is-active", "exit 3"),
    /nfs-mirror on pve: "nfs-mirror\.timer" isn't active\. Next: systemctl start nfs-mirror\.timer\n/,
  ],
])("%s owes, with what to type, and ends with 1", async (_, make, said) => {
  make();
  const { exitCode, text } = await status();
  expect(text).toMatch(said);
  expect(text).toMatch(/^1 owes, 0 aren't known\. Asked of: 1 machine, 1 job, 2 stores\.$/m);
  expect(exitCode).toBe(1);
});

test("a success of this moment, by a clock that is ahead by as little, is of no seconds ago", async () => {
  ended(0, (nowMs - Date.now()) / hourMs);
  expect((await status()).text).toMatch(/ nfs-mirror +│ -?\d+ (s|min) ago /);
});

test("what a job's last look found to be otherwise than declared owes, and so it does of no other job", async () => {
  const { before } = host;
  const lines = ["effective-state", "nfs-mirror"].map(
    job =>
      `mkdir -p /var/lib/holdfast/${job} && echo "${job}: declared 3 d, X says 7 d. Next: look" >/var/lib/holdfast/${job}/differences`,
  );
  host.before = [before, ...lines].join(" && ");
  host.installSsh();
  const input = estateWith();
  estate({
    ...input,
    layers: { ...input.layers, "effective-state": [{ host: "pve", alert: { receiver: "infra" } }] },
  });
  const { exitCode, text } = await status();
  host.before = before;
  expect(text).toContain("effective-state on pve: effective-state: declared 3 d, X says 7 d. Next: look\n");
  expect(text).not.toContain("nfs-mirror: declared");
  expect(exitCode).toBe(1);
});

test("a NAS's room, an alert of a job's own that would fire now, and the set that opens all else are told", async () => {
  estate(exampleEstate());
  const said = { size_bytes: 5_000, free_bytes: 400 };
  const lines = Object.entries(said).map(([name, value]) => `nas_snapshot_volume_${name} ${value}\n`);
  const file = join(host.folder, "textfiles", "nas-snapshots.prom");
  writeFileSync(file, `${lines.join("")}nas_snapshot_days_until_full 9\n`);
  const { text } = await status();
  const full = new Date(nowMs + 9 * 24 * hourMs).toISOString().slice(0, 10);
  expect(text).toMatch(new RegExp(` nas +│ /volume1 +│ 400 B +│ 5 kB +│ - +│ ${full} +│ well `));
  expect(text).toMatch(
    /^nas-snapshots on pve: NasFullSoon: nas_snapshot_days_until_full is 9, at least 14\. Next: ssh .* journalctl -n 50 -u nas-snapshots$/m,
  );
  expect(text).toMatch(/^The break-glass set was proven \d+ d .*ago, and is due again on 2029-04-\d\d\.$/m);
  writeFileSync(file, `${lines.join("")}nas_snapshot_days_until_full 3650\n`);
  const well = (await status()).text;
  expect(well).toMatch(/ nas +│ \/volume1 +│ 400 B +│ 5 kB +│ - +│ - +│ well /);
  expect(well).not.toContain("NasFullSoon");
  rmSync(file);
});

test("a break-glass set that nobody has proven for too long owes", async () => {
  const input = exampleEstate();
  input.breakGlass = { where: "with the deeds", proven: "2026-05-01", every: "30d" };
  estate(input);
  const { text, exitCode } = await status();
  expect(text).toMatch(/ and was due again on 2026-05-31\. Next: holdfast break-glass verify$/m);
  expect(exitCode).toBe(1);
  const { breakGlass } = JSON.parse((await status("--json")).text) as { breakGlass: unknown };
  expect(breakGlass).toMatchObject({ state: "owes", proven: "2026-05-01" });
});

test("a job that never ran owes nothing yet, and one that runs says so", async () => {
  writeFileSync(join(host.folder, "textfiles", "nfs-mirror.prom"), "");
  timer(nowMs + hourMs, "activating");
  const { exitCode, text } = await status();
  expect(text).toMatch(/ nfs-mirror +│ - +│ 25 h +│ runs +│ well /);
  expect(exitCode).toBe(0);
});

test("a unit that failed before a run that somebody began by hand has succeeded owes nothing", async () => {
  timer(nowMs + hourMs, "failed", { endedH: 4 });
  expect(await status()).toMatchObject({ exitCode: 0 });
});

test("a dead man's calls that fail owe: nobody else says so", async () => {
  const input = estateWith();
  input.secrets = { ...input.secrets, "pve-calls": { keptIn: ["break-glass"] } };
  input.monitoring.deadMan = { urlSecret: { name: "watchdog", key: "url" }, hosts: { pve: "pve-calls" } };
  estate(input);
  timer(nowMs + hourMs, "failed", { job: "dead-man" });
  expect((await status()).text).toMatch(
    /dead-man on pve: failed, as systemd has it\. Next: ssh .* journalctl -n 50 -u dead-man\n/,
  );
});

test("a host that isn't reached leaves all of it unknown, which is neither well nor owed", async () => {
  host.installSsh(
    "printf 'ssh: connect to host pve.example port 22: Connection refused\\r\\n' >&2; exit 255",
  );
  const { exitCode, text } = await status();
  expect(text).toMatch(/ nfs-mirror +│ - +│ 25 h +│ - +│ unknown /);
  expect(text).toContain(
    "pve: the host wasn't asked: ssh: connect to host pve.example port 22: Connection refused. Next: ssh -p 22 root@pve.example true\n",
  );
  expect(text).toContain("0 owe, 4 aren't known. Asked of: 1 machine, 1 job, 2 stores.\n");
  expect(exitCode).toBe(3);
});

describe("a report with --live", () => {
  const report = async (): Promise<{ exitCode: number; text: string; page: string }> => {
    const ended = await holdfastIn(host.folder, ["report", "--live"]);
    return { ...ended, page: readFileSync(join(host.folder, "holdfast-report.html"), "utf8") };
  };

  test("shows the same tables, and what is there beside what the estate has", async () => {
    ended(3, 20);
    const { page } = await report();
    expect(page).toContain('<h2 id="now">How it stands</h2>');
    expect(page).toMatch(
      /<td>pve<\/td><td>nfs-mirror<\/td><td>20 h ago<\/td><td>25 h<\/td><td>in \d+ (h|min)<\/td><td><span class="mark broken">✗ owes</,
    );
    expect(page).toMatch(/<td>\/mnt\/backup<\/td><td>400 B<\/td>.*<span class="mark kept">✓ well</);
    expect(page).toMatch(/<li>nfs-mirror on pve: failed \(3\), and last succeeded at /);
    expect(page).toContain("<b>1 owes, 0 aren't known.");
    expect(page).toContain("No job of this estate restores copies for proof");
    // This host answers little of what there is.
    expect(page).toMatch(/pve <code>live\/unknown<\/code>/);
  });

  test("says which host couldn't be asked, in the page too, and ends with 3", async () => {
    host.installSsh("printf 'ssh: Connection refused\\r\\n' >&2; exit 255");
    const { exitCode, text, page } = await report();
    expect(exitCode).toBe(3);
    expect(text).toContain("Not all answered; the page says who didn't, and why.");
    expect(page).toContain("<b>0 owe, 4 aren't known.");
    expect(page).toContain('<span class="mark unpromised">? unknown</span>');
    expect(page).toContain("<li>pve: the host wasn't asked: ssh: Connection refused. Next: ");
  });
});

test("an estate that installs nothing isn't told as well", async () => {
  estate({ ...estateWith(), layers: {} });
  const { exitCode, text } = await status();
  expect({ exitCode, text }).toEqual({
    exitCode: 0,
    text: "Nobody was asked: no job of this estate is installed anywhere.\n",
  });
});

test("a pool says how full it is, and its metadata too", async () => {
  const input = estateWith();
  const pve = input.hosts["pve"];
  if (pve) pve.pools = { data: { vg: "pve", disk: "sdc", size: "1TB", used: "100GB" } };
  estate(input);
  // As lvs does in a locale with a decimal comma, which ssh brings along.
  answers(
    "lvs",
    `[ "\${LC_ALL-}" = C ] && p=. || p=,\necho "  1000000000000 40\${p}00 91\${p}50 pve data "\n`,
  );
  const { exitCode, text } = await status();
  expect(text).toMatch(/ pve\/data +│ 600 GB +│ 1 TB +│ 91\.5 % +│ - +│ owes /);
  expect(text).toContain(
    "pve/data on pve: 91.5 % of its metadata are in use: a full one stops every volume in it.",
  );
  expect(exitCode).toBe(1);
});

test("a file system that has become read-only owes: no run has met it yet", async () => {
  const { before } = host;
  host.before = `${before} && mount -t tmpfs none /mnt && mkdir /mnt/backup && mount -t tmpfs -o ro none /mnt/backup`;
  host.installSsh();
  const { exitCode, text } = await status();
  host.before = before;
  expect(text).toMatch(
    /\/mnt\/backup on pve: is read-only, and takes no copy\. Next: on pve, findmnt \/mnt\/backup; /,
  );
  expect(text).not.toContain("/srv/nfs on pve: ");
  expect(exitCode).toBe(1);
});

test("another file system than the estate's owes, and which one isn't guessed where the host doesn't say it", async () => {
  const uuid = "99999999-9999-4999-8999-999999999999";
  answers("findmnt", `case "$*" in *" /mnt/backup") echo ${uuid} ;; esac\n`);
  const { exitCode, text } = await status();
  rmSync(join(host.folder, "bin", "findmnt"));
  expect(text).toMatch(
    new RegExp(
      `^/mnt/backup on pve: declared the file system .*, and ${uuid} is mounted\\. Next: on pve, findmnt /mnt/backup; blkid$`,
      "m",
    ),
  );
  expect(text).not.toContain("/srv/nfs on pve: ");
  expect(exitCode).toBe(1);
});

test("a disk that hangs keeps nothing else from being told", async () => {
  // A second is enough here.
  answers("timeout", `while [ "\${1#-}" != "$1" ]; do shift; done; shift; exec /usr/bin/timeout 1 "$@"\n`);
  answers(
    "df",
    `case "$*" in *" /mnt/backup") exec sleep 50 ;; esac\n${filesystem("/srv/nfs", 9_000, 4_000)}`,
  );
  const { exitCode, text } = await status();
  rmSync(join(host.folder, "bin", "timeout"));
  expect(text).toMatch(/ nfs-mirror +│ 3 h ago +│ .* well /);
  expect(text).toContain("/mnt/backup on pve: isn't mounted, or doesn't answer.");
  expect(exitCode).toBe(1);
});

test("a host whose ssh ends without a word is told as one that wasn't asked", async () => {
  host.installSsh("exit 255");
  expect((await status()).text).toContain(
    "pve: the host wasn't asked: it didn't answer, and ssh said nothing. Next: ssh -p 22 root@pve.example true\n",
  );
});

describe("jobs of a cluster", () => {
  /** Makes kubectl lead to a server, and its API say something of the one CronJob. */
  function kubectl(server: string, cronJob: object | undefined, silences: readonly object[] = []): void {
    const items = cronJob === undefined ? [] : [cronJob];
    const script = `#!/bin/sh
case "$*" in
  *"config view"*) printf %s '${server}' ;;
  *"get cronjobs.batch --all-namespaces"*) cat <<'END'
${JSON.stringify({ kind: "List", items })}
END
  ;;
  *"get --raw=/api/v1/namespaces/monitoring/services/alertmanager-operated:9093/proxy/api/v2/silences"*) cat <<'END'
${JSON.stringify(silences)}
END
  ;;
esac
`;
    writeFileSync(join(host.folder, "ssh", "kubectl"), script, { mode: 0o755 });
  }
  const at = (agoH: number): string => new Date(nowMs - agoH * hourMs).toISOString();
  const cronJob = (state: object, suspend = false): object => ({
    metadata: { name: "postgresql-backup", namespace: "dbaas", creationTimestamp: at(1_000) },
    spec: { ...declaredSpec, suspend },
    status: state,
  });
  const template = (image: string): object => ({ spec: { template: { spec: { containers: [{ image }] } } } });
  const declaredSpec = { schedule: "10 0 * * *", timeZone: "Europe/Sofia" };
  const api = "https://K8S.example:6443/";

  beforeEach(() => estate(withDump()));

  test.each([
    [
      "starts at another hour",
      { schedule: "10 5 * * *" },
      '"10 0 * * * Europe/Sofia", and the cluster says "10 5 * * * Europe/Sofia"',
    ],
    [
      "starts in another zone",
      { timeZone: "Etc/UTC" },
      '"10 0 * * * Europe/Sofia", and the cluster says "10 0 * * * Etc/UTC"',
    ],
    [
      "runs another image",
      { jobTemplate: template("docker.io/library/postgres:16") },
      '"docker.io/library/postgres:15 and docker.io/library/node:24-bookworm-slim", and the cluster says "docker.io/library/postgres:16"',
    ],
  ])("one that %s than is declared owes", async (_, change, said) => {
    const well = { lastScheduleTime: at(3), lastSuccessfulTime: at(2) };
    const pods = { jobTemplate: template("docker.io/library/postgres:15@sha256:0123") };
    kubectl(api, { ...cronJob(well), spec: { ...declaredSpec, ...pods } });
    expect((await status()).exitCode).toBe(0);
    kubectl(api, { ...cronJob(well), spec: { ...declaredSpec, ...pods, ...change } });
    const { exitCode, text } = await status();
    expect(text).toContain(`postgresql-backup on k8s: declared ${said}. Next: pulumi up --refresh\n`);
    expect(exitCode).toBe(1);
  });

  test("are judged by what the API says of each", async () => {
    kubectl(api, cronJob({ lastScheduleTime: at(3), lastSuccessfulTime: at(2) }));
    const { exitCode, text } = await status();
    expect(text).toMatch(/ k8s +│ postgresql-backup +│ 2 h ago +│ \d+ h +│ in \d+ (h|min|m?s) +│ well /);
    expect(exitCode).toBe(0);
  });

  test.each([
    [
      "a run that failed",
      cronJob({ lastScheduleTime: at(3), lastSuccessfulTime: at(27) }),
      /postgresql-backup on k8s: its run of .*Z hasn't succeeded\. Next: kubectl -n dbaas get jobs,pods/,
    ],
    [
      "one that is late",
      cronJob({ lastScheduleTime: at(60), lastSuccessfulTime: at(59) }),
      /postgresql-backup on k8s: last succeeded at .*, and may be silent for \d+ min\. Next: kubectl/,
    ],
    [
      "one that is suspended",
      cronJob({ lastScheduleTime: at(3), lastSuccessfulTime: at(2) }, true),
      /postgresql-backup on k8s: is suspended: it starts no more\. Next: kubectl -n dbaas patch cronjob postgresql-backup -p '\{"spec":\{"suspend":false\}\}'\n/,
    ],
    [
      "none",
      undefined,
      /postgresql-backup on k8s: there is no CronJob postgresql-backup in dbaas\. Next: pulumi up\n/,
    ],
  ])("%s owes", async (_, found, said) => {
    kubectl(api, found);
    const { exitCode, text } = await status();
    expect(text).toMatch(said);
    expect(exitCode).toBe(1);
  });

  test("what is printed leads to the cluster that was asked, which may not be the present one", async () => {
    kubectl(api, cronJob({ lastScheduleTime: at(60), lastSuccessfulTime: at(61) }, true));
    const { text } = await status("--context", "home", "--kubeconfig", "/root/my config");
    const words = "kubectl '--kubeconfig=/root/my config' --context=home -n dbaas";
    expect(text).toContain(`Next: ${words} patch cronjob postgresql-backup -p `);
    expect(text).toContain(`Next: ${words} get jobs,pods; ${words} logs POD --all-containers\n`);
  });

  test("a run that is under way owes nothing", async () => {
    kubectl(api, cronJob({ active: [{}], lastScheduleTime: at(0), lastSuccessfulTime: at(24) }));
    const { exitCode, text } = await status();
    expect(text).toMatch(/ postgresql-backup +│ 24 h ago +│ \d+ h +│ runs +│ well /);
    expect(exitCode).toBe(0);
  });

  test("whose alerts are silenced is told, by whomever, and in part where it is so", async () => {
    const silence = (id: string, matchers: object[], state = "active") => ({
      ...{ id, matchers, status: { state }, comment: "its disk is exchanged", createdBy: "somebody" },
      ...{ startsAt: at(1), endsAt: at(-1), updatedAt: at(1) },
    });
    const equal = (name: string, value: string) => ({ name, value, isRegex: false, isEqual: true });
    const of = (matchers: object[], state?: string) => {
      const found = cronJob({ lastScheduleTime: at(3), lastSuccessfulTime: at(2) });
      kubectl(api, found, [silence("1", matchers, state)]);
      return status();
    };
    const told = `until ${at(-1)}, by somebody: its disk is exchanged\n`;
    const all = await of([equal("holdfast_job", "postgresql-backup")]);
    expect(all.text).toContain(`\npostgresql-backup is silenced ${told}`);
    expect(all.exitCode).toBe(0);
    const part = await of([{ ...equal("alertname", "Postgresql.*Stale"), isRegex: true }]);
    expect(part.text).toContain(`\npostgresql-backup is silenced in part (PostgresqlBackupStale) ${told}`);
    expect((await of([equal("holdfast_job", "another")])).text).not.toContain("silenced");
    expect((await of([equal("holdfast_job", "postgresql-backup")], "expired")).text).not.toContain(
      "silenced",
    );
  });

  test("of another cluster nothing is told: kubectl leads elsewhere", async () => {
    kubectl("https://other.example:6443", cronJob({ lastScheduleTime: at(3), lastSuccessfulTime: at(2) }));
    const { exitCode, text } = await status();
    expect(text).toContain(
      "k8s: the cluster wasn't asked: kubectl's context leads to https://other.example:6443. Next: the same with --context NAME",
    );
    expect(exitCode).toBe(3);
  });

  test("a cluster whose API the estate doesn't know isn't asked by whatever context is there", async () => {
    const input = withDump();
    delete input.clusters?.["k8s"]?.api;
    estate(input);
    kubectl(api, cronJob({ lastScheduleTime: at(3), lastSuccessfulTime: at(2) }));
    expect(await status()).toMatchObject({
      text: expect.stringContaining(
        "k8s: the cluster wasn't asked: the estate doesn't say where its API is. Next: clusters: { k8s: { api: ",
      ),
      exitCode: 3,
    });
  });
});

test("a kubeconfig's text in place of its file is refused, and not quoted", async () => {
  const text = JSON.stringify({ users: [{ user: { token: "open-sesame" } }] });
  const refused = await status("--kubeconfig", text);
  expect([refused.exitCode, refused.text]).toEqual([2, expect.stringContaining("--kubeconfig")]);
  expect(refused.text).not.toContain("open-sesame");
});
