import { bundleRunner } from "../../../host-scripts/bundle-runner";
import { mustOnHost, onHost } from "../../../lab/hosts";
import { releaseFiles } from "../../../plan/layers/release-files.test-support";
import { parseEstate, planOf } from "../../../plan";
import { exampleEstate } from "../../../plan/estate/example";
import { runnerCommand } from "../../../plan/systemd-units";

/** Host whose volumes these tests break. */
export const host = "pve2";

/** All of it, which the units may write to. */
export const folder = "/opt/volumes-test";
const patienceMs = 1_800_000;

/**
 * Shell commands that wait without a process of their own: a host of the lab has one processor, and whoever polls by
 * programs slows down what it waits for.
 */
const nap = `[ -p ${folder}/nap ] || mkfifo ${folder}/nap; nap() { read -r -t 0.3 _ <>${folder}/nap || :; }`;

/** A runner on the host as the unit that a deployment brings, from another folder and with a log of its own. */
export interface Unit {
  readonly job: string;
  configure(config: object): Promise<void>;
  /** Runs it to its end. */
  run(): Promise<Ended>;
  /** Starts it; returns at once. */
  start(): Promise<void>;
  /** Sends a signal to the runner itself; returns at once. */
  kill(signal: "KILL" | "TERM"): Promise<void>;
  /** Waits for words in its log. @throws when it ends without them */
  says(words: string): Promise<void>;
  /** Waits for its end, and for that of its ExecStopPost. */
  ended(): Promise<Ended>;
  /** The runner by hand, beside the unit. @param killedAfterMs when it is killed; what it has told LVM to do goes on to its end */
  byHand(
    words?: readonly string[],
    killedAfterMs?: number,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Values of its textfile, without the job's prefix. */
  metrics(): Promise<Record<string, number>>;
}

export interface Ended {
  /** As systemd has it: the exit code, or the signal's number. */
  readonly status: number;
  readonly result: string;
  readonly output: string;
}

export const stateDir = (job: string): string => `${folder}/state/${job}`;
export const textfile = (job: string): string => `${folder}/${job}.prom`;
export const credentialsDir = `${folder}/credentials`;

/** Fields that each config here has; no Pushgateway listens. */
export function common(job: string) {
  return {
    ...{ job, host, budgetMs: 600_000, stateDir: stateDir(job), textfile: textfile(job), zone: "UTC" },
    credentialsDir,
    pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 },
  };
}

/** Text of the service that a deployment would bring. */
function emittedService(job: string): string {
  const { jobs } = planOf(parseEstate(exampleEstate()));
  const text = jobs.flatMap(releaseFiles).find(({ name }) => name === `${job}.service`)?.text;
  if (text === undefined) throw new Error(`the example has no service of ${job}`);
  return text;
}

/** Brings a runner and its unit to the host. @param prefix of its metrics, e.g. "daily_backup" */
export async function installUnit(job: string, prefix: string): Promise<Unit> {
  const { text } = await bundleRunner(job);
  await mustOnHost(host, `mkdir -p ${folder}/bin ${credentialsDir} && cat >${folder}/${job}.cjs`, {
    input: text,
  });
  const config = `${folder}/${job}.json`;
  const log = `${folder}/${job}.log`;
  const runner = `/usr/bin/node ${folder}/${job}.cjs --config ${config}`;
  const command = `/usr/bin/unshare --mount --propagation private ${runner}`;
  await mustOnHost(host, `cat >/etc/systemd/system/${job}.service`, {
    input: emittedService(job).replaceAll(runnerCommand(job), runner),
  });
  const change = `[Unit]
# More than five in ten seconds, which systemd would refuse.
StartLimitIntervalSec=0
[Service]
Environment=PATH=${folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ReadWritePaths=${folder}
LoadCredential=
Nice=0
IOSchedulingClass=
TimeoutStartSec=infinity
TimeoutStopSec=60s
StandardOutput=append:${log}
StandardError=append:${log}
`;
  await mustOnHost(
    host,
    `mkdir -p /etc/systemd/system/${job}.service.d && cat >/etc/systemd/system/${job}.service.d/test.conf`,
    { input: change },
  );
  // As on a real host; and systemd forgets the last run of a service that no other unit names.
  await mustOnHost(
    host,
    `cat >/etc/systemd/system/${job}.timer && systemctl daemon-reload && systemctl -q enable --now ${job}.timer`,
    { input: "[Timer]\nOnCalendar=2099-01-01\n[Install]\nWantedBy=timers.target\n" },
  );
  const ended = async (): Promise<Ended> => {
    const shown = await mustOnHost(
      host,
      `${nap}; while [ -e ${cgroup(job)} ]; do nap; done
systemctl show ${job}.service -p ExecMainStatus -p Result; echo; cat ${log}`,
      { timeoutMs: patienceMs },
    );
    const [properties = "", ...output] = shown.split("\n\n");
    const property = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(properties)?.[1] ?? "";
    return {
      status: Number(property("ExecMainStatus")),
      result: property("Result"),
      output: output.join("\n\n"),
    };
  };
  return {
    job,
    async configure(value) {
      await mustOnHost(host, `cat >${config}`, { input: JSON.stringify({ ...common(job), ...value }) });
    },
    async run() {
      await onHost(host, `rm -f ${log}; systemctl start ${job}.service`, { timeoutMs: patienceMs });
      return ended();
    },
    async start() {
      await mustOnHost(
        host,
        `${nap}; rm -f ${log}; systemctl start --no-block ${job}.service; while [ ! -e ${log} ]; do nap; done`,
      );
    },
    async kill(signal) {
      await mustOnHost(host, `systemctl kill --kill-whom=main --signal=${signal} ${job}.service`);
    },
    async says(words) {
      const said = `grep -q '${words}' ${log}`;
      await mustOnHost(
        host,
        `${nap}; while ! ${said} && [ -e ${cgroup(job)} ]; do nap; done; ${said} || { cat ${log}; exit 1; }`,
        { timeoutMs: patienceMs },
      );
    },
    ended,
    byHand(words = [], killedAfterMs) {
      const called = `${command} ${words.join(" ")}`;
      const cut = `timeout --signal KILL ${(killedAfterMs ?? 0) / 1000} ${called}; code=$?`;
      return onHost(host, killedAfterMs === undefined ? called : `${cut}; ${lvmEnds(job)}; exit $code`, {
        timeoutMs: patienceMs,
      });
    },
    async metrics() {
      const { stdout } = await onHost(host, `cat ${textfile(job)}`);
      return Object.fromEntries(
        [...stdout.matchAll(new RegExp(`^${prefix}_(\\w+) (\\d+(?:\\.\\d+)?)$`, "gm"))].map(
          ([, name = "", value]) => [name, Number(value)],
        ),
      );
    },
  };
}

/**
 * A command of LVM goes on to its end when who called it is killed; what copies into a volume ends at once, or soon after. Until it is
 * the program that it is to be, it has the name of who called it.
 */
const lvmEnds = (job: string): string =>
  `${nap}; while pgrep --exact 'lv[a-z]+|dmsetup|rsync|sqlite3' >/dev/null || pgrep --full '^[^ ]*node .*/${job}.cjs' >/dev/null; do nap; done`;

/** Is there as long as a process of the unit is, be it the report of an end. */
const cgroup = (job: string): string => `/sys/fs/cgroup/system.slice/${job}.service`;

/**
 * Holds the first call of a program whose words match, before or after it did its work, until the run is ended.
 * @returns resolves once a unit's run has come there @throws when it ends before
 */
export async function gate(
  program: string,
  when: "before" | "after",
  words = "*",
): Promise<(unit: Unit) => Promise<void>> {
  const reached = `${folder}/reached`;
  const hold = `: >${reached}; while [ -e "$0" ]; do nap; done`;
  const real = `$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v ${program})`;
  const act =
    when === "before" ? `{ ${hold}; exec ${real} "$@"; }` : `{ ${real} "$@"; code=$?; ${hold}; exit $code; }`;
  const script = `#!/bin/bash
${nap}
case "$*" in ${words}) [ -e ${reached} ] || ${act} ;; esac
exec ${real} "$@"
`;
  await mustOnHost(
    host,
    `rm -f ${reached}; cat >${folder}/bin/${program} && chmod 755 ${folder}/bin/${program}`,
    {
      input: script,
    },
  );
  return async unit => {
    const { exitCode } = await onHost(
      host,
      `${nap}; while [ ! -e ${reached} ] && [ -e ${cgroup(unit.job)} ]; do nap; done; [ -e ${reached} ]`,
      { timeoutMs: patienceMs },
    );
    if (exitCode === 0) return;
    const { status, output } = await unit.ended();
    throw new Error(`a run ended with ${status} before it came to ${program} ${words}:\n${output}`);
  };
}

/** Lets every program be itself again. */
export async function openGates(): Promise<void> {
  await mustOnHost(host, `rm -rf ${folder}/bin ${folder}/reached && mkdir -p ${folder}/bin`);
}
