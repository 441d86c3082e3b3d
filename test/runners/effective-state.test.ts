import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { execa } from "execa";
import { stringify } from "yaml";
import type { InForce } from "../../plan/contracts/in-force";
import { ruleSum } from "../../plan/contracts/rule-sum";
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

/** As if the live release had become so a while ago. */
const switchedAgo = (ago: string): Promise<Ended> =>
  host.run(`touch --no-dereference --date='${ago} ago' /opt/holdfast/${mirror}/current`);

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

/** A certificate of a server's own, as PEM, and its key as a file: from a day on to another one, from now. */
async function certificateOf(fromDays: number, toDays: number): Promise<string> {
  const openssl = (...words: readonly string[]) => execa("openssl", words, { cwd: host.folder });
  const time = (days: number): string =>
    new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, "");
  writeFileSync(
    join(host.folder, "ca.conf"),
    "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nrand_serial=yes\nnew_certs_dir=.\npolicy=any\ndefault_md=sha256\n[any]\ncommonName=supplied\n",
  );
  writeFileSync(join(host.folder, "index"), "");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
  await openssl("req", ...key, "-out", "request.pem", "-subj", "/CN=server");
  const validity = ["-startdate", time(fromDays), "-enddate", time(toDays)];
  const signed = ["-batch", "-notext", "-config", "ca.conf", "-keyfile", "key.pem", "-in", "request.pem"];
  return (await openssl("ca", "-selfsign", ...signed, ...validity)).stdout;
}

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
      await switchedAgo("31 minutes");
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

test("while a deployment may be under way, what it has come to and the look hasn't isn't told, but what somebody does meanwhile; once it should have ended, all is", async () => {
  await host.deploy(release({ hour: "07" }));
  systemd({ calendar: "*-*-* 07:00:00 UTC" });
  await look();
  expect({ told: told(), kept: kept() }).toEqual({ told: [], kept: "" });
  host.on("is-enabled", "exit 1");
  mounted("rw,nodev");
  await look();
  expect(told()).toEqual(["mount /mnt/backup", `unit ${mirror}.timer`]);
  host.on("is-enabled", "exit 0");
  mounted("rw,nosuid,nodev");
  await switchedAgo("31 minutes");
  await look();
  expect(told()).toEqual([`release ${mirror}`, `unit ${mirror}.timer`]);
});

test("a place that systemd mounts on demand is what it would mount there, and nobody is woken for that", async () => {
  const idle = {
    id: 30,
    target: "/mnt/backup",
    source: "systemd-1",
    fsroot: "/",
    fstype: "autofs",
    uuid: null,
  };
  const rows = JSON.stringify({ filesystems: [{ ...idle, options: "rw,relatime" }] });
  writeFileSync(join(host.folder, "bin", "findmnt"), `#!/bin/sh\necho '${rows}'\n`, { mode: 0o755 });
  const others = join(host.folder, "on-others");
  writeFileSync(others, readFileSync(join(host.folder, "on-show"), "utf8"), { mode: 0o755 });
  const wouldMount = async (what: string, options: string, state = "loaded"): Promise<string> => {
    host.on(
      "show",
      `case "$*" in *" -- /mnt/backup") printf '%s\\n' Options=${options} What=${what} LoadState=${state} ;; *) exec ${others} "$@" ;; esac`,
    );
    expect((await look()).exitCode).toBe(0);
    return kept();
  };
  const disk = `/dev/disk/by-uuid/${uuid}`;
  expect(await wouldMount(disk, "nosuid,nodev,x-systemd.automount")).toBe("");
  expect(await wouldMount("/dev/sda1", "nosuid,nodev")).toBe("");
  expect(await wouldMount(disk, "nodev")).toMatch(/^\/mnt\/backup: .* it is mounted without nosuid\./);
  expect(await wouldMount(disk, "ro,nosuid,nodev")).toMatch(/ it is mounted without rw\./);
  expect(await wouldMount("UUID=33333333-3333-4333-8333-333333333333", "nosuid,nodev")).toMatch(
    /declared the file system 2{8}-.*, and 3{8}-.* is mounted\./,
  );
  expect(await wouldMount("", "", "not-found")).toMatch(/and nothing is mounted\./);
});

test.each([
  ["of its own", `/run/systemd/system/${mirror}.timer.d/a.conf`, true],
  ["of all whose names begin alike", "/etc/systemd/system/nfs-.timer.d/a.conf", true],
  ["of all timers", "/etc/systemd/system/timer.d/a.conf", true],
  ["of a distribution's", "/usr/lib/systemd/system/timer.d/a.conf", false],
  ["of a container's", "/run/systemd/system/timer.d/a.conf", false],
])("a drop-in %s", async (_, path, isTold) => {
  const show = readFileSync(join(host.folder, "on-show"), "utf8");
  host.on(
    "show",
    `case "$*" in *DropInPaths*${mirror}.timer*) echo /usr/lib/systemd/system/first.d/a.conf ${path} ;; *) ${join(host.folder, "on-others")} "$@" ;; esac`,
  );
  writeFileSync(join(host.folder, "on-others"), show, { mode: 0o755 });
  await look();
  expect(kept()).toBe(
    isTold
      ? `${mirror}.timer: "${mirror}.timer" is changed by ${path}. Next: systemctl cat ${mirror}.timer\n`
      : "",
  );
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

test("a certificate that ends soon is told while there is time, and one that ended; of a server that isn't reached its jobs tell", async () => {
  const file = join(host.folder, "config.json");
  const before = JSON.parse(readFileSync(file, "utf8")) as object;
  const lookAt = async (port: number): Promise<string> => {
    const declared = [{ kind: "certificate", url: `https://127.0.0.1:${port}` }];
    writeFileSync(file, JSON.stringify({ ...before, declared }));
    const { exitCode } = await look();
    expect(exitCode).toBe(0);
    return kept();
  };
  const shown = async (fromDays: number, toDays: number): Promise<string> => {
    const cert = await certificateOf(fromDays, toDays);
    const server = createServer({ cert, key: readFileSync(join(host.folder, "key.pem")) });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      return await lookAt((server.address() as AddressInfo).port);
    } finally {
      server.close();
    }
  };
  expect(await shown(0, 365)).toBe("");
  // As an ACME client has it: it makes a new one before.
  expect(await shown(-30, 10)).toBe("");
  expect(await shown(-352, 13.5)).toMatch(
    /^https:\/\/127\.0\.0\.1:\d+: declared a certificate that is valid, and what the server shows ends in 13 d, at 20.*Z: jobs of this host that ask it fail from then on\. Next: openssl s_client -connect 127\.0\.0\.1:\d+ <\/dev\/null \| openssl x509 -noout -subject -issuer -enddate$/m,
  );
  expect(await shown(-352, -1)).toContain("the server shows ended, at 20");
  expect(told()).toEqual([expect.stringMatching(/^certificate https:/)]);
  expect(await lookAt(1)).toBe("");
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

/** What the last of these looks printed. */
let printed = "";

/** What a look tells that is to find some things alone, while a server answers. */
async function lookWhile(server: Server, declaredAt: (port: number) => readonly InForce[]): Promise<string> {
  const file = join(host.folder, "config.json");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const declared = declaredAt((server.address() as AddressInfo).port);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), declared }));
    const { exitCode, stdout } = await look();
    expect(exitCode).toBe(0);
    printed = stdout;
    return kept();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answers =
  (replies: Readonly<Record<string, string>>): RequestListener =>
  ({ url = "" }, response) => {
    const text = replies[url];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  };

test("a group that Prometheus hasn't loaded, an alert with another threshold, one more beside it, and a receiver without a route are told", async () => {
  const labels = { severity: "warning" };
  const expr = 'time() - nfs_mirror_last_success_timestamp{job="nfs-mirror"} > 90600';
  const alert = { alert: "NfsMirrorStale", sum: ruleSum({ expr, forS: 300, labels }) };
  const declared = (port: number): InForce[] => [
    {
      kind: "rules",
      prometheus: `http://127.0.0.1:${port}`,
      group: "holdfast-pve-nfs-mirror",
      alerts: [alert],
    },
    {
      ...{ kind: "route", alertmanager: `http://127.0.0.1:${port}/`, namespace: "monitoring" },
      ...{ object: "holdfast", receiver: "infra" },
      alerts: [
        { alert: "NfsMirrorStale", labels: { receiver: "infra" } },
        { alert: "NfsMirrorAbsent", labels: { receiver: "infra" } },
      ],
    },
  ];
  const rule = { name: "NfsMirrorStale", query: expr, duration: 300, labels, health: "ok" };
  const answered = (
    rules: readonly object[],
    routes: readonly object[] = [{ receiver: "monitoring/holdfast/infra" }],
    declaredAt = declared,
  ): Promise<string> =>
    lookWhile(
      createHttp(
        answers({
          "/api/v1/rules?type=alert": JSON.stringify({
            data: { groups: [{ name: "holdfast-pve-nfs-mirror", rules }] },
          }),
          "/api/v2/status": JSON.stringify({
            config: { original: stringify({ route: { receiver: "null", routes } }) },
          }),
        }),
      ),
      declaredAt,
    );
  expect(await answered([rule])).toBe("");
  const raised = { ...rule, query: expr.replace("90600", "9060000") };
  const other = [{ receiver: "monitoring/holdfast/other" }];
  expect(await answered([raised, { ...rule, name: "Mine" }], other)).toMatch(
    /^holdfast-pve-nfs-mirror: declared NfsMirrorStale, and Prometheus has another NfsMirrorStale: .* > 9060000 for 300 s, and has one more, Mine\. Next: .*\nmonitoring\/holdfast\/infra: declared to hear of its alerts, and Alertmanager leads all its alerts \(NfsMirrorStale, NfsMirrorAbsent\) to "monitoring\/holdfast\/other"\. Next: /,
  );
  expect(told()).toEqual(["route monitoring/holdfast/infra", "rules holdfast-pve-nfs-mirror"]);
  const before = { receiver: "quiet", matchers: ['"alertname"=~".+Stale"', '"a name"!="x"'] };
  const ours = { receiver: "monitoring-holdfast-infra", mute_time_intervals: ["nights"] };
  expect(await answered([rule], [before, ours])).toContain(
    'Alertmanager leads NfsMirrorStale to "quiet", and NfsMirrorAbsent to it not during "nights". Next: ',
  );
  const foreign = { receiver: "quiet", matchers: ['alertname=~"(?i:stale)"'] };
  expect(await answered([rule], [foreign, { receiver: "monitoring/holdfast/infra" }])).toBe("");
  expect(printed).toContain("what it has loaded is not compared: its expression ");
  expect(await answered([])).toContain("Prometheus hasn't loaded the group");
  // The release of a job of this host was switched just now: its rules may be there before this look's own release.
  const beside = (port: number): InForce[] => [{ kind: "release", job: mirror }, ...declared(port)];
  expect(await answered([], undefined, beside)).toBe("");
  await switchedAgo("31 minutes");
  expect(await answered([], undefined, beside)).toContain("Prometheus hasn't loaded the group");
});

test.each([
  ["refuses", answers({}), "it answers 404"],
  [
    "has a page in its place",
    answers({ "/api/v1/rules?type=alert": "<html>" }),
    "its answer is none of its API's",
  ],
  [
    "goes on without end",
    ((_, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (response.write(Buffer.alloc(1024 * 1024, " ")));
        response.once("drain", more);
      };
      more();
    }) satisfies RequestListener,
    "its answer has more than 16777216 bytes",
  ],
])(
  "a Prometheus that %s differs in nothing, and the log says that nothing was compared",
  async (_, answer, why) => {
    const declared = (port: number): InForce[] => [
      { kind: "rules", prometheus: `http://127.0.0.1:${port}`, group: "holdfast-pve-nfs-mirror", alerts: [] },
    ];
    expect(await lookWhile(createHttp(answer), declared)).toBe("");
    expect(printed).toMatch(/http:\/\/127\.0\.0\.1:\d+: what it has loaded is not compared: /);
    expect(printed).toContain(why);
  },
);

test("an account that has lost a right, or has more than is declared, or whose token isn't taken any more is told", async () => {
  const [key, cert, kubeconfig] = ["api.key", "api.cert", "kubeconfig"].map(name => join(host.folder, name));
  await execa("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "1"],
    ...[
      "-subj",
      "/CN=api",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      key ?? "",
      "-out",
      cert ?? "",
    ],
  ]);
  const authority = readFileSync(cert ?? "");
  const volumes = { apiGroups: [""], resources: ["persistentvolumes"], verbs: ["list"] };
  const everybodys = {
    apiGroups: ["authorization.k8s.io"],
    resources: ["selfsubjectrulesreviews"],
    verbs: ["create"],
  };
  const answered = (status: number, resourceRules: readonly object[]): Promise<string> =>
    lookWhile(
      createHttps({ key: readFileSync(key ?? ""), cert: authority }, ({ method, url, headers }, response) => {
        expect([method, url]).toEqual(["POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"]);
        expect(headers.authorization).toBe("Bearer token");
        const body = status === 201 ? { status: { resourceRules } } : { message: "Unauthorized" };
        response.writeHead(status).end(JSON.stringify(body));
      }),
      port => {
        writeFileSync(
          kubeconfig ?? "",
          JSON.stringify({
            clusters: [
              {
                cluster: {
                  server: `https://127.0.0.1:${port}`,
                  "certificate-authority-data": authority.toString("base64"),
                },
              },
            ],
            users: [{ user: { token: "token" } }],
          }),
        );
        const job = { job: "lvm-pvc-snapshot", kubeconfig: kubeconfig ?? "", namespace: "monitoring" };
        return [{ kind: "rights", ...job, rules: [volumes] }];
      },
    );
  const trusted = {
    ...{ apiGroups: ["certificates.k8s.io"], resources: ["clustertrustbundles"] },
    verbs: ["get", "list", "watch"],
  };
  expect(await answered(201, [volumes, everybodys, trusted])).toBe("");
  // It is beginning, or busy: that is no answer to what was asked.
  expect(await answered(503, [])).toBe("");
  const secrets = { apiGroups: ["", "apps"], resources: ["secrets"], verbs: ["get"], resourceNames: ["one"] };
  expect(await answered(201, [everybodys, secrets])).toContain(
    "kubeconfig: declared persistentvolumes list, and its account may not persistentvolumes list, and may also secrets get (one), apps/secrets get (one); lvm-pvc-snapshot asks the cluster by it. Next: kubectl --kubeconfig ",
  );
  expect(told()).toEqual([`rights ${kubeconfig}`]);
  expect(await answered(401, [])).toContain("the cluster doesn't take its token");
});
