import { waitingOf } from "../../checks/taken-together";
import { counted, listed, placeText } from "../../checks/wording";
import type { Estate, Plan } from "../../plan";
import type { Domain } from "../../plan/estate/services";
import { aftermathOf, type DatasetAfter, isMachine, type ServiceAfter } from "../../plan/graph/aftermath";
import { restoreOrder, type Waiting } from "../../plan/graph/restore-order";
import { isHosted, isInCluster, type Job } from "../../plan/job";
import { sshTo } from "../../plan/estate/ssh-to";
import { backText } from "../../plan/graph/loss-words";
import { copyPart, type Done } from "./copy-part";
import { situations } from "./disasters";
import { lossText } from "./loss-text";
import { block, code, plain, table } from "./markdown";
import { holdfast, type PageOf } from "./page-of";

/** What a disaster takes, what to do first, and what brings each service back, those first that others need. */
export function disasterPage(of: PageOf, domain: Domain): string {
  const { plan } = of;
  const { title, looks, first, takes } = situations[domain];
  const after = aftermathOf(plan, domain);
  const harmed = inOrder(
    after.filter(({ datasets }) => datasets.some(({ isHarmed }) => isHarmed)),
    domain,
    plan,
  );
  const wanted = harmed.filter(({ datasets }) => datasets.some(isWanted));
  const all = [...first, ...(takes === "all" && wanted.length > 0 ? quietSteps(plan) : [])];
  return [
    `# ${title}`,
    looks,
    `## First\n\n${all.map((step, index) => `${index + 1}. ${step}`).join("\n")}`,
    harmed.length === 0
      ? "## What is lost\n\nIt harms no service's data."
      : `## What is lost, at worst\n\n${lossTable(harmed)}`,
    ...(wanted.length === 0 ? [] : takes === "one" ? [onePart(of, domain)] : [orderPart(of, domain, wanted)]),
    ...copiesGone(of, after, takes),
  ].join("\n\n");
}

/** Machines first, on which all else runs, and of them hosts and devices before the VMs on them; then as `restore --all` has them, by which promises are held against links: what is promised soonest, behind what it needs. */
function inOrder(services: readonly ServiceAfter[], domain: Domain, plan: Plan): ServiceAfter[] {
  const datasets = services.flatMap(each => each.datasets.map(({ dataset }) => dataset));
  const machines = datasets.filter(isMachine);
  const hosts = new Set(machines.filter(({ kind }) => kind !== "vm").map(({ service }) => service));
  const guests = new Set(machines.map(({ service }) => service));
  const dueOf = ({ service, dueMs }: Waiting): number =>
    hosts.has(service) ? 0 : guests.has(service) ? 1 : dueMs;
  const waiting = waitingOf({ domain, place: "", datasets }, plan).services.map(each => ({
    ...each,
    dueMs: dueOf(each),
  }));
  return restoreOrder(waiting).flatMap(
    ({ service }) => services.find(each => each.service === service) ?? [],
  );
}

/** Runs that begin before all is back take what isn't there for what somebody has deleted, fill what has to be empty, or dump what is empty. */
function quietSteps(plan: Plan): string[] {
  const typed = (commands: readonly string[]): string => commands.map(code).join("; ");
  const timers = timerCommands(plan, "stop");
  const runs = timerCommands(plan, "stop", "service");
  const dumps = cronJobCommands(plan, true);
  return [
    ...(timers.length === 0
      ? []
      : [
          `Keep the estate's own runs off until all is back, on each host that is there, and again after it was started anew: ${typed(timers)}. A run that is under way goes on all the same, and this ends it: ${typed(runs)}.`,
        ]),
    ...(dumps.length === 0
      ? []
      : [
          `The dumps too, as soon as a cluster answers, and again after it was deployed: what is newest would be a dump of an empty server. ${typed(dumps)}. One that is under way goes on: \`kubectl --namespace NAMESPACE get jobs\` shows it, and \`kubectl --namespace NAMESPACE delete job JOB\` ends it.`,
        ]),
  ];
}

/** For each host, what stops or starts all of its timers, or ends what they have started. */
function timerCommands(
  { jobs, estate }: Plan,
  does: "start" | "stop",
  unit: "timer" | "service" = "timer",
): string[] {
  return Object.keys(estate.hosts).flatMap(host => {
    const units = jobs.flatMap(job =>
      isHosted(job) && job.host === host && job.deployment.kind === "timer" ? [`${job.name}.${unit}`] : [],
    );
    return units.length === 0 ? [] : [`${sshTo(estate, host)} systemctl ${does} ${units.join(" ")}`];
  });
}

/** For each namespace, what suspends all of its CronJobs, or lets them run again. */
function cronJobCommands({ jobs }: Plan, suspend: boolean): string[] {
  const names = new Map<string, string[]>();
  for (const { name, namespace } of jobs.filter(isInCluster))
    if (namespace !== undefined) names.set(namespace, [...(names.get(namespace) ?? []), name]);
  return [...names].map(
    ([namespace, each]) =>
      `kubectl --namespace ${namespace} patch cronjob ${each.join(" ")} --patch '{"spec":{"suspend":${suspend}}}'`,
  );
}

/** Harmed, and nobody has said that no copy of it is wanted. */
function isWanted({ isHarmed, dataset }: DatasetAfter): boolean {
  return isHarmed && !dataset.unprotected;
}

function lossTable(services: readonly ServiceAfter[]): string {
  const rows = services.flatMap(lost =>
    lost.datasets
      .filter(({ isHarmed }) => isHarmed)
      .map(({ dataset, worstLossMs, left: [best] }) => [
        `[${plain(lost.service)}](../services/${lost.service}.md)`,
        code(dataset.id),
        code(dataset.location.machine.name),
        dataset.unprotected ? "all of it, on purpose" : lossText(worstLossMs),
        best ? best.copy.way.jobs.map(job => code(job.called)).join(" > ") : "nothing",
        dataset.unprotected ? "-" : plain(backText(lost)),
      ]),
  );
  return `Each service that it can harm: of several machines or disks, only what lies on the lost one is.

${table(["service", "data", "of", "is lost", "comes from", "back after at least"], rows)}`;
}

function onePart(of: PageOf, domain: Domain): string {
  // What a volume had last is what is wanted of it; of a damage, what there was before.
  const at = domain === "application" ? ` --at "YYYY-MM-DD HH:MM"` : "";
  return `## What brings it back

Only what is damaged, by its own page, which the table links. From a laptop, where SERVICE is its name; it says what it will do, and asks:

${block([`${holdfast(of, "restore")} SERVICE --dry-run`])}

${block([`${holdfast(of, "restore")} SERVICE${at}`])}`;
}

function orderPart(of: PageOf, domain: Domain, services: readonly ServiceAfter[]): string {
  const { plan } = of;
  const done: Done = new Map();
  const again = [...timerCommands(plan, "start"), ...cronJobCommands(plan, false)];
  const before =
    domain === "host-root"
      ? "**The newest copy may have the harm in it.** Put the newest instant before it in the place of YYYY-MM-DD HH:MM. What is typed by hand takes the newest: look at what `list` of each program shows, and name an older one.\n\n"
      : "";
  return [
    `## What brings it back, one service after the other

${before}Of each: the one command, from a laptop that reaches what is left, which finds the newest whole version, says what it will do, and asks; or the steps by hand. Go on once the one before has ended. Each service's page has its other copies.`,
    ...services.map(
      ({ service, datasets }, index) =>
        `## ${index + 1}. ${plain(service)}\n\n${[
          ...commandsOf(of, domain, service, datasets),
          ...datasets.filter(isWanted).map(each => datasetPart(plan.estate, each, done)),
        ].join("\n\n")}`,
    ),
    `## At the end\n\n${again.length === 0 ? "" : `Let the runs begin again:\n\n${block(again)}\n\n`}This shows what owes:\n\n${block([holdfast(of, "status")])}`,
  ].join("\n\n");
}

/** One for each machine, where an estate has several and the service lies on more than one. */
function commandsOf(
  of: PageOf,
  domain: Domain,
  service: string,
  datasets: readonly DatasetAfter[],
): string[] {
  const back = datasets.filter(each => isWanted(each) && each.left.length > 0);
  const hosts = [
    ...new Set(
      back.flatMap(({ dataset: { location } }) =>
        location.machine.kind === "host" ? [location.machine.name] : [],
      ),
    ),
  ];
  const words = ["restore", service];
  const at = domain === "host-root" ? ` --at "YYYY-MM-DD HH:MM"` : "";
  if (back.length === 0) return [];
  if (hosts.length < 2) return [block([`${holdfast(of, ...words)}${at}`])];
  return hosts.map(
    host => `What was on ${code(host)}:\n\n${block([`${holdfast(of, ...words, "--host", host)}${at}`])}`,
  );
}

function datasetPart(estate: Estate, { dataset, left: [best] }: DatasetAfter, done: Done): string {
  if (!best) return `${code(dataset.id)}: **no copy is left.**`;
  return copyPart(estate, best, { title: `${plain(dataset.id)}, from`, done });
}

/** Copies that went with it, and which run makes them anew. */
function copiesGone(of: PageOf, after: readonly ServiceAfter[], takes: "one" | "all"): string[] {
  const { plan } = of;
  const lost = after.flatMap(({ datasets }) => datasets).filter(({ gone }) => gone.length > 0);
  if (lost.length === 0 || takes === "one") return [];
  const rows = lost.map(({ dataset, gone, left, isHarmed }) => [
    code(dataset.id),
    listed(
      gone.map(({ way, location }) => `${code(way.job.called)} at ${code(placeText(location))}`),
      4,
    ),
    `${isHarmed ? "" : "the live data, and "}${counted(left.length, "copy", "copies")}`,
  ]);
  const gone = lost.flatMap(each => each.gone);
  // What others copy on is made before it is copied.
  const depth = (job: Job): number =>
    Math.max(...gone.filter(copy => copy.job === job).map(({ way }) => way.jobs.length));
  const again = plan.jobs
    .filter(job => gone.some(copy => copy.job === job))
    .sort((one, other) => depth(one) - depth(other));
  return [
    `## Copies that are gone too

${table(["data", "gone", "left"], rows)}

Once what they lay on is there again, and the live data is well, these make them anew, one after the other. \`${holdfast(of, "status")}\` says when nothing owes any more.

A run refuses a disk or NAS that isn't the one it knows, so that nothing is written to a wrong one: \`journalctl -u JOB\` on its host then has, after "Next:" or in the brackets there, the line that accepts the new one. A host that was set up anew knows none yet, and takes what it finds.`,
    ...again.map(job => startText(job, plan)),
  ];
}

/** What starts a job by hand, and ends with it. */
function startText(job: Job, { estate }: Plan): string {
  if (isHosted(job)) return block([`${sshTo(estate, job.host)} systemctl start ${job.name}`]);
  if (!isInCluster(job) || job.namespace === undefined)
    return `${code(job.called)}: this version only plans it; whoever installed it starts it.`;
  const seconds = Math.ceil(job.timeoutMs / 1000);
  return block([
    `job=${job.name}-$(date +%s)`,
    `kubectl --namespace ${job.namespace} create job $job --from=cronjob/${job.name}`,
    `kubectl --namespace ${job.namespace} wait --for=condition=complete --timeout=${seconds}s job/$job`,
  ]);
}
