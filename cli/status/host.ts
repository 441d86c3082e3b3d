import { mostSkewS } from "../../alerts/standing";
import type { Plan } from "../../plan";
import { valuesIn } from "../../plan/contracts/exposition";
import { differencesName } from "../../plan/contracts/in-force";
import { owed } from "../../plan/contracts/owed";
import { shellWord } from "../../plan/contracts/shell-word";
import { type Installed, installedBy } from "../../plan/installed";
import { isHosted, type Job, metricOf } from "../../plan/job";
import { stateFolder, textfile } from "../../plan/layers/host-runner";
import { type Asked, askJobs, saidAs } from "../ask-jobs";
import { listCommand, releaseOf } from "../host-releases";
import { sshTo } from "../../plan/estate/ssh-to";
import { alarmsOf } from "./alarms";
import { storeCommand, storesNow, storesUnasked } from "./host-stores";
import { iso, type JobState, type MachineState, type StoreState } from "./state";
import { toldStores } from "./told-stores";
import { nextStarts, unitOf, type UnitState } from "./units";

/** What a host itself says of its jobs and stores, by one connection that changes nothing. */
export async function hostState(asked: Asked, plan: Plan, host: string): Promise<MachineState> {
  const jobs = installedBy(plan).filter(job => job.host === host);
  const startedMs = Date.now();
  const timers = "systemctl list-timers --all --output=json | sed 's/^/timers /'";
  const first = `echo "now $(date +%s)"; ${timers}; ${storeCommand(plan.estate, host)}`;
  const answer = await askJobs(asked, host, jobs, statusCommand, first);
  if ("cause" in answer) {
    const says = [`the host wasn't asked: ${answer.cause}`];
    return {
      ...{ on: host, kind: "host", state: "unknown", says },
      jobs: jobs.map(job => ({ ...blank(host, job, plan), state: "unknown", says: [] })),
      stores: [...storesUnasked(plan, host), ...told(plan, jobs, () => [], startedMs)],
    };
  }
  const [listed = ""] = saidAs("timers", answer.first);
  const next = nextStarts(listed);
  const [now = ""] = saidAs("now", answer.first);
  const nowMs = Number(now) * 1000;
  const says = skewOf(nowMs, startedMs);
  return {
    ...{ on: host, kind: "host", state: says.length > 0 ? "owes" : "well", says },
    jobs: jobs.map(job =>
      jobState(asked, plan, job, { lines: answer.said(job), nowMs, nextMs: next.get(`${job.name}.timer`) }),
    ),
    stores: [
      ...storesNow(plan, host, answer.first, { named: asked.named, nowMs }),
      ...told(plan, jobs, answer.said, nowMs),
    ],
  };
}

/** @param said what the host said of a job; nothing where it wasn't asked */
function told(
  plan: Plan,
  jobs: readonly Installed[],
  said: (job: Installed) => readonly string[],
  nowMs: number,
): StoreState[] {
  return jobs.flatMap(job => {
    const judged = judgedOf(plan, job);
    return judged ? toldStores(judged, valuesIn(saidAs("metric", said(job)).join("\n")), nowMs) : [];
  });
}

/** @param startedMs when it was asked, by this machine's clock; it answered between then and now */
function skewOf(nowMs: number, startedMs: number): string[] {
  const aheadMs = nowMs - Date.now();
  const behindMs = startedMs - nowMs;
  if (Math.max(aheadMs, behindMs) <= mostSkewS * 1000) return [];
  const far = `${Math.round(Math.max(aheadMs, behindMs) / 1000)} s ${aheadMs > 0 ? "ahead of" : "behind"}`;
  return [`its clock is ${far} this machine's. Next: timedatectl, on both`];
}

const properties = "ActiveState,ExecMainStartTimestamp,InactiveEnterTimestamp";

function statusCommand(job: Installed): string {
  return [
    listCommand(job),
    `systemctl show --timestamp=unix --property=${properties} ${job.name}.service | sed 's/^/unit /'`,
    `sed 's/^/metric /' ${shellWord(textfile(job.name))} 2>/dev/null || :`,
    `sed 's/^/differs /' ${shellWord(`${stateFolder(job.name)}/${differencesName}`)} 2>/dev/null || :`,
  ].join("; ");
}

function jobState(
  { estate, named }: Asked,
  plan: Plan,
  job: Installed,
  { lines, nowMs, nextMs }: { lines: readonly string[]; nowMs: number; nextMs: number | undefined },
): JobState {
  const said = (word: string): string[] => saidAs(word, lines);
  const release = releaseOf(named, job.host, job, lines);
  const service = unitOf(said("unit"));
  const judged = judgedOf(plan, job);
  const values = valuesIn(said("metric").join("\n"));
  const successMs = judged && msOf(values.get(metricOf(judged, "last-success").name));
  const sinceMs = release.since === null ? nowMs : Date.parse(release.since);
  const why =
    judged &&
    owed(
      { status: values.get(metricOf(judged, "status").name), successMs },
      { staleAfterMs: judged.judged.staleAfterMs, sinceMs, nowMs },
    );
  const failed = why ?? failedBySystemd(service, successMs);
  const found = [
    ...(failed === undefined ? [] : [failed]),
    ...(judged ? alarmsOf(judged, estate, values, nowMs) : []),
  ];
  const owes = [
    // By its last look; one that fails says nothing new, and is told itself.
    ...(judged?.tellsDifferences ? said("differs") : []),
    ...found.map(text => `${text}. Next: ${sshTo(estate, job.host)} journalctl -n 50 -u ${job.name}`),
  ];
  return {
    ...blank(job.host, job, plan),
    state: owes.length + release.faults.length > 0 ? "owes" : "well",
    lastSuccess: iso(successMs),
    running: service.state === "activating" ? iso(service.startedMs) : null,
    nextStart: iso(nextMs),
    says: [...release.faults, ...owes, ...release.notes],
  };
}

/** A run that never began, as without its program, leaves nothing but that; nor does what calls a dead man's receiver. */
function failedBySystemd({ state, endedMs }: UnitState, successMs: number | undefined): string | undefined {
  // Started by hand, it has succeeded since.
  const isOver = endedMs !== undefined && successMs !== undefined && successMs > endedMs;
  return state === "failed" && !isOver ? "failed, as systemd has it" : undefined;
}

function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function judgedOf({ jobs }: Plan, { name, host }: Installed): Job | undefined {
  return jobs.find(job => isHosted(job) && job.name === name && job.host === host);
}

function blank(on: string, job: Installed, plan: Plan): Omit<JobState, "state" | "says"> {
  const judged = judgedOf(plan, job)?.judged;
  return {
    ...{ on, job: job.name, lastSuccess: null, running: null, nextStart: null },
    staleAfterSeconds: judged === undefined ? null : judged.staleAfterMs / 1000,
  };
}
