import { shellWord } from "../contracts/shell-word";
import type { Dataset } from "../datasets";
import { type Domain } from "../estate/services";
import type { Flow, Location } from "../job";
import type { Plan } from "..";
import { chainOf, type Copy, copiesByDataset } from "./copies";
import { type Left, type RestoreTime, restoreTimes } from "./restore-time";
import { copySurvives, liveSurvives } from "./survival";
import { Timeline } from "./versions";

/** What a disaster at one instant leaves of a dataset. Instants are epoch ms. */
export interface LostDataset {
  readonly dataset: string;
  /** All of it: what a restore has to carry. */
  readonly bytes: number;
  /** The newest surviving copy; absent when there is none. */
  readonly copy?: {
    /** Jobs on its way, first job first. */
    readonly via: readonly string[];
    /** Machine and path, e.g. "pve:/mnt/backup/etcd-backup". */
    readonly where: string;
    /** When its data was read from the live dataset. */
    readonly readMs: number;
    readonly ageMs: number;
    /** Time that its bytes need at least; absent when the estate names no link for them. */
    readonly floorMs?: number;
    /** Lines to paste into the bash of the machine that it comes back to; those that begin with "# " are words for people. */
    readonly restore: string;
  };
}

/** What a disaster at one instant takes from a service. */
export interface LostService {
  readonly service: string;
  readonly domain: Domain;
  readonly atMs: number;
  /** Age of the dataset that loses most; absent when one of them is lost for good. */
  readonly lossMs: number | undefined;
  /** Harmed datasets, those that lose most first. */
  readonly datasets: readonly LostDataset[];
  /** Shortest time until it is back, the services that it needs restored before it; absent when that can't be told. */
  readonly rtoFloorMs?: number;
  /** Why there is no `rtoFloorMs`, e.g. 'no link between "nas" and "pfsense"'. */
  readonly rtoUnknown?: string;
}

/** What is lost when a disaster strikes at an instant: every service that it harms, in the estate's order. */
export function loseAt(plan: Plan, domain: Domain, atMs: number): LostService[] {
  const timeline = new Timeline(plan.jobs, { fromMs: atMs, toMs: atMs + 1 });
  const copies = copiesByDataset(plan.copies);
  const harmed = new Map<string, Left[]>();
  for (const dataset of plan.datasets) {
    if (dataset.unprotected || liveSurvives(dataset, domain, plan.estate)) continue;
    const surviving = (copies.get(dataset) ?? []).filter(copy => copySurvives(copy, domain, plan.estate));
    const left = { dataset, ...newestOf(surviving, timeline, atMs) };
    harmed.set(dataset.service, [...(harmed.get(dataset.service) ?? []), left]);
  }
  const times = restoreTimes(plan.estate, harmed);
  return [...harmed].map(([service, lefts]) => {
    const datasets = lefts
      .map(left => lostDataset(left, atMs, times.get(service)))
      .sort((a, b) => (b.copy?.ageMs ?? Infinity) - (a.copy?.ageMs ?? Infinity) || 0);
    const time = times.get(service);
    return {
      service,
      domain,
      atMs,
      lossMs: datasets.some(({ copy }) => !copy)
        ? undefined
        : Math.max(...datasets.map(({ copy }) => copy?.ageMs ?? 0)),
      datasets,
      ...(time?.floorMs === undefined ? {} : { rtoFloorMs: time.floorMs }),
      ...(time?.unknown === undefined ? {} : { rtoUnknown: time.unknown }),
    };
  });
}

/** The copy with the newest complete version; of several, the one with the shortest way. */
function newestOf(copies: readonly Copy[], timeline: Timeline, atMs: number): Pick<Left, "copy" | "readMs"> {
  let newest: { copy: Copy; readMs: number } | undefined;
  for (const copy of [...copies].sort((a, b) => a.way.jobs.length - b.way.jobs.length)) {
    const { readMs, availableMs } = timeline.versionsOf(copy);
    const read = readMs[availableMs.findLastIndex(available => available <= atMs)];
    if (read !== undefined && read > (newest?.readMs ?? -Infinity)) newest = { copy, readMs: read };
  }
  return newest ?? {};
}

function lostDataset(
  { dataset, copy, readMs = 0 }: Left,
  atMs: number,
  time: RestoreTime | undefined,
): LostDataset {
  const bytes = dataset.sizeBytes * dataset.count;
  if (!copy) return { dataset: dataset.id, bytes };
  const floorMs = time?.byDataset.get(dataset);
  return {
    dataset: dataset.id,
    bytes,
    copy: {
      via: copy.way.jobs.map(job => job.name),
      where: placeText(copy.location),
      readMs,
      ageMs: atMs - readMs,
      ...(floorMs === undefined ? {} : { floorMs }),
      restore: restoreCommand(copy),
    },
  };
}

/** A place as rsync and people write it, e.g. "nas:/Backup/nfs/photos". */
export function placeText({ machine, path }: Location): string {
  return `${machine.name}:${path}`;
}

/**
 * The commands that bring a copy back, or "# " and words where a person has to do something, with the plan's paths filled
 * in. What was copied as part of a tree goes back to where the tree's first copier found it; a dump or a generation found
 * there is then restored by what its own job says.
 */
export function restoreCommand(copy: Copy): string {
  const made = chainOf(copy).findLast(({ flow }) => flow.source.kind !== "tree");
  if (!made) return filled(copy, { from: copy.location.path, to: copy.dataset.location.path });
  const restored = restoredHere(made);
  const text = made === copy ? restored : inTurn(broughtBack(copy, made), restored);
  return isNamed(made) ? text : words(text, made);
}

/** Two steps. What follows one that a person does is not for the same paste. */
function inTurn(first: string, then: string): string {
  if (isWords(first)) return `${first}\n${isWords(then) ? then : `# then: ${then}`}`;
  return isWords(then) ? `${first}\n${then}` : `${first} && ${then}`;
}

/** From where its job has put it. */
function restoredHere(made: Copy): string {
  const { dataset, flow, location } = made;
  const from = flow.periods ? shellWord(flow.target.path) + generations(flow.periods, made) : undefined;
  return filled(made, { from: location.path, to: dataset.location.path }, from);
}

/** Whether the estate knows what it is called: the claim of a database's volume, or of one of many, is the cluster's to say. */
function isNamed({ dataset, flow: { source } }: Copy): boolean {
  const isVolume = source.kind === "volumes" || source.kind === "copies-of";
  return !isVolume || (dataset.kind === "volume" && dataset.count === 1);
}

function words(text: string, { dataset }: Copy): string {
  const intro = `# for each of its volumes, with its own namespace and claim in the place of ${claimOf(dataset)}:`;
  return [intro, ...text.split("\n").map(line => (isWords(line) ? line : `# ${line}`))].join("\n");
}

/** Which of the generations is the newest is seen where they come back to, so all of them come. */
function broughtBack(copy: Copy, made: Copy): string {
  const { periods, target } = made.flow;
  if (!periods) return filled(copy, { from: copy.location.path, to: made.location.path });
  const below = made.location.path.length - target.path.length;
  const root = copy.location.path.slice(0, copy.location.path.length - below);
  const from = `${shellWord(root)}/.${generations(periods, made)}`;
  return filled(copy, { from: root, to: target.path }, from);
}

const periodGlobs = { day: "????-??-??", week: "????-??" } as const;

/** Glob of a copy's generations below the target of its flow, e.g. "/????-??/nextcloud/data". */
function generations(periods: NonNullable<Flow["periods"]>, { flow, location }: Copy): string {
  const below = location.path.slice(flow.target.path.length);
  return `/${periodGlobs[periods]}${below === "" ? "" : shellWord(below)}`;
}

/** @param glob in the place of `from`, quoted where it needs to be */
function filled(
  { dataset, flow }: Copy,
  { from, to }: { readonly from: string; readonly to: string },
  glob?: string,
): string {
  const words: Readonly<Record<string, string>> = {
    from: glob ?? shellWord(from),
    to: shellWord(to),
    relative: glob === undefined ? "" : "--relative ",
    claim: shellWord(claimOf(dataset)),
  };
  return flow.restore.replace(/\{(from|to|relative|claim)\}/g, (_, name: string) => words[name] ?? "");
}

/** "NAMESPACE/CLAIM" of a volume: what follows its pool's name. */
function claimOf({ location: { path } }: Dataset): string {
  return path.slice(path.indexOf("/") + 1);
}

function isWords(text: string): boolean {
  return text.startsWith("# ");
}
