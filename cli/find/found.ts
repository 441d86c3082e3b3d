import type { Estate, Plan } from "../../plan";
import { bytesOf, type Dataset, membersOf } from "../../plan/datasets";
import type { Version } from "../../plan/contracts/versions";
import type { Domain } from "../../plan/estate/services";
import { chainOf, type Copy, copiesByDataset } from "../../plan/graph/copies";
import { placeText } from "../../plan/graph/lose";
import { copySurvives, siteOf } from "../../plan/graph/survival";
import { bringsPaths, type RestoreStep, restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { floorMs, transferFloor } from "../../plan/graph/transfer";
import { isBelow } from "../../plan/layers/places";
import type { Asked } from "../ask-jobs";
import {
  askHost,
  type HostAnswer,
  lookAt,
  type Path,
  type PathFacts,
  pathOf,
  type Question,
  questionOf,
} from "./ask";
import type { Sought } from "./sought";

/** A version that is there. Instants are epoch ms, sizes bytes. */
export interface Found {
  readonly dataset: string;
  readonly service: string;
  /** Path in the dataset that was asked for; all of it unless given. */
  readonly below?: string;
  /** Jobs that its bytes passed, first job first. */
  readonly via: readonly string[];
  /** The job whose copies it is a copy of as they were when it was taken: those may be older. */
  readonly copied: string | undefined;
  /** Name of the machine that has it. */
  readonly machine: string;
  /** Machine and path. */
  readonly where: string;
  /** E.g. "hdd sda, home". */
  readonly medium: string;
  /** When its data was read, by the program that made it; undefined where that isn't known. */
  readonly takenMs: number | undefined;
  /** Of all that the copy holds of the dataset; undefined where nobody has counted. */
  readonly bytes: number | undefined;
  /** What is there of the path; undefined where it can't be looked at before it is restored. */
  readonly there: PathFacts | undefined;
  /** Whether its job compares what it has made before it counts. */
  readonly verified: boolean;
  readonly lacks: readonly string[];
  /** Time that its bytes need at least; undefined where the estate doesn't say it. */
  readonly backMs: number | undefined;
  /** What carries them, e.g. "nas > pve"; undefined where they stay where they are, or where the estate doesn't say it. */
  readonly link: string | undefined;
  /** Whether it has a part of the dataset alone, which goes into the rest of it. */
  readonly isPart: boolean;
  /** Whether the disaster that is to be mended takes it too: what is there of it is nothing to rely on. */
  readonly isTaken: boolean;
  /** Whether its way back brings more than the path that was asked for. */
  readonly bringsMore: boolean;
  readonly restore: readonly RestoreStep[];
  /** Where these bring the path alone, what brings all of the dataset. */
  readonly whole?: readonly RestoreStep[];
}

export interface Search {
  /** The newest first; those of no known time last. */
  readonly found: readonly Found[];
  /** Who didn't tell what there is, and why. */
  readonly unasked: readonly string[];
  /** What this version asks nobody for, and what to type instead. */
  readonly byHand: readonly string[];
}

/** Of many volumes that are told as one, each has its own. */
function copiesByMember({ copies }: Plan): ReadonlyMap<Dataset, readonly Copy[]> {
  const all = [...copiesByDataset(copies)].flatMap(([dataset, own]) =>
    membersOf(dataset).map((member): [Dataset, readonly Copy[]] => [
      member,
      member === dataset ? own : own.map(copy => ofMember(copy, dataset, member)),
    ]),
  );
  return new Map(all);
}

/** Wherever it was copied to, a volume's path ends in its namespace and claim. */
function ofMember(copy: Copy, one: Dataset, member: Dataset): Copy {
  const { location, from } = copy;
  const claim = ({ location: { path } }: Dataset): string => path.slice(path.indexOf("/"));
  const path = `${location.path.slice(0, -claim(one).length)}${claim(member)}`;
  return {
    ...{ ...copy, dataset: member, location: { ...location, path } },
    ...(from && { from: ofMember(from, one, member) }),
  };
}

interface Wanted {
  readonly copy: Copy;
  readonly sought: Sought;
  readonly question: Question | undefined;
}

/**
 * Asks each host that has or knows copies by one connection, and by another for what there is of a path.
 * @param domain the disaster that has taken all that is sought, where it is one
 */
export async function search(
  asked: Asked,
  plan: Plan,
  sought: readonly Sought[],
  domain?: Domain,
): Promise<Search> {
  const copies = copiesByMember(plan);
  const wanted = sought.flatMap(each =>
    (copies.get(each.dataset) ?? []).map((copy): Wanted => ({
      copy,
      sought: each,
      question: questionOf(copy),
    })),
  );
  const questions = wanted.flatMap(({ question }) => question ?? []);
  const hosts = [...new Set(questions.map(({ host }) => host))];
  const answers = new Map(
    await Promise.all(
      hosts.map(async host => {
        const own = questions.filter(question => question.host === host);
        return [host, await askHost(asked, host, own)] as const;
      }),
    ),
  );
  const told = wanted.flatMap(each => versionsOf(each, answers).map(version => ({ ...each, version })));
  const seen = await looked(
    asked,
    told.flatMap(each => placeIn(each) ?? []),
  );
  const found = told
    .map(each => foundOf(plan.estate, each, seen.get(keyOf(placeIn(each))), domain))
    .filter(({ there }) => there?.state !== "absent")
    .sort((a, b) => (b.takenMs ?? -Infinity) - (a.takenMs ?? -Infinity) || 0);
  return {
    found,
    unasked: [
      ...new Set([
        ...[...answers.values()].flatMap(unaskedOf),
        ...found.flatMap(({ there, where }) =>
          there?.state === "unknown" ? [`what there is at ${where} isn't known: ${there.cause}`] : [],
        ),
      ]),
    ],
    byHand: [
      ...new Set(
        wanted
          .filter(({ question }) => question === undefined)
          .map(
            ({ copy }) =>
              `${placeText(copy.location)}, by ${copy.job.called}: what is there of it isn't asked for. To have the newest:\n${restoreText(restoreSteps(copy))}`,
          ),
      ),
    ],
  };
}

type Answers = ReadonlyMap<string, HostAnswer | { readonly host: string; readonly cause: string }>;

function versionsOf({ copy, question }: Wanted, answers: Answers): readonly Version[] {
  const answer = question && answers.get(question.host);
  if (!answer || "cause" in answer) return [];
  if ("folder" in question) {
    const dumps = answer.dumps.get(question.folder);
    return dumps && "versions" in dumps ? dumps.versions : [];
  }
  const told = answer.jobs.get(question.job.name);
  if (!told || !("versions" in told)) return [];
  // One program may keep several kinds of copies of one thing, each in a folder of its own.
  return told.versions.filter(
    ({ of, path }) => of === question.called && (path === undefined || isBelow(path, copy.flow.target.path)),
  );
}

function unaskedOf(answer: HostAnswer | { readonly host: string; readonly cause: string }): string[] {
  if ("cause" in answer) return [`${answer.host} wasn't asked: ${answer.cause}`];
  const { host, jobs, dumps } = answer;
  return [...jobs, ...dumps].flatMap(([name, told]) => {
    if ("cause" in told) return [`${name} on ${host} has told nothing: ${told.cause}`];
    return told.unseen === undefined ? [] : [`${name} on ${host} can't see all: ${told.unseen}`];
  });
}

interface Told extends Wanted {
  readonly version: Version;
}

interface Place extends Path {
  readonly host: string;
}

/** Where a version has the path that was asked for, or the dataset in a larger tree; undefined where nothing lies open. */
function placeIn({ copy, sought, question, version }: Told): Place | undefined {
  if (version.path === undefined || question === undefined || "folder" in question) return undefined;
  const { host } = question;
  const { below } = sought;
  const { source, target } = copy.flow;
  // Of a tree, its program names the first folder, and the dataset may lie deeper.
  if (source.kind === "tree") {
    const shape = copy.location.path.slice(target.path.length + 1);
    return { host, root: target.path, below: below === undefined ? shape : `${shape}/${below}` };
  }
  return below === undefined ? undefined : { host, root: version.path, below };
}

function keyOf(place: Place | undefined): string {
  return place ? `${place.host}:${pathOf(place)}` : "";
}

async function looked(asked: Asked, places: readonly Place[]): Promise<ReadonlyMap<string, PathFacts>> {
  const hosts = [...new Set(places.map(({ host }) => host))];
  const all = await Promise.all(
    hosts.map(async host => {
      const own = new Map(places.filter(each => each.host === host).map(each => [pathOf(each), each]));
      const facts = await lookAt(asked, host, [...own.values()]);
      return [...facts].map(([path, each]) => [`${host}:${path}`, each] as const);
    }),
  );
  return new Map(all.flat());
}

function foundOf(
  estate: Estate,
  told: Told,
  there: PathFacts | undefined,
  domain: Domain | undefined,
): Found {
  const { copy, sought, question, version } = told;
  const { dataset, below } = sought;
  const isFile = there?.state === "there" && !there.isFolder;
  const bytes = isFile ? there.bytes : below === undefined ? bytesOf(dataset) : undefined;
  const floor = transferFloor(copy.location, dataset.location, bytes ?? Infinity, estate);
  const backMs = floor && floorMs(floor);
  const place = placeIn(told);
  const path = (place && pathOf(place)) ?? version.path ?? copy.location.path;
  return {
    ...{ dataset: dataset.id, service: dataset.service },
    ...(below !== undefined && { below }),
    via: copy.way.jobs.map(job => job.called),
    copied: question && "job" in question ? copy.from?.job.called : undefined,
    machine: copy.location.machine.name,
    where: placeText({ ...copy.location, path }),
    medium: mediumOf(estate, copy),
    takenMs: version.at === undefined ? undefined : Date.parse(version.at),
    ...{ bytes: version.bytes, there, verified: copy.flow.verified },
    lacks: version.lacks,
    ...{ backMs: backMs === Infinity ? undefined : backMs, link: floor?.link },
    isPart: chainOf(copy).some(
      ({ flow }) => flow.source.kind === "copies-of" && flow.source.holds !== undefined,
    ),
    isTaken: domain !== undefined && !copySurvives(copy, domain, estate),
    ...waysOf(told),
  };
}

function mediumOf(estate: Estate, { location }: Copy): string {
  const { machine, disk } = location;
  const medium =
    machine.kind === "destination"
      ? estate.destinations[machine.name]?.medium
      : estate.hosts[machine.name]?.disks[disk ?? ""]?.medium;
  const parts = [medium, disk].filter(part => part !== undefined).join(" ");
  return [parts || machine.name, siteOf(location, estate)].filter(part => part !== undefined).join(", ");
}

/** The plan's own ways back, of this version and path. */
function waysOf(told: Told): Pick<Found, "bringsMore" | "restore" | "whole"> {
  const { copy } = told;
  const { below } = told.sought;
  if (below === undefined) return { bringsMore: false, restore: stepsOf(told, copy) };
  const down = deeper(copy, below);
  if (down !== copy) return { bringsMore: false, restore: stepsOf(told, down) };
  const whole = stepsOf(told, copy);
  if (!bringsPaths(copy)) return { bringsMore: true, restore: whole };
  return { bringsMore: false, restore: stepsOf(told, copy, below), whole };
}

function stepsOf({ version, question }: Told, copy: Copy, path?: string): RestoreStep[] {
  const steps = restoreSteps(copy, dumpOf(question, version), path);
  const job = question && "job" in question ? question.job.name : undefined;
  return steps.map(step =>
    step.argv?.[0] === job && step.argv ? { ...step, argv: picked(step.argv, version.pick) } : step,
  );
}

/** What picks a version may be a flag, and none is one behind "--". */
function picked(argv: readonly string[], pick: readonly string[]): string[] {
  const names = argv.indexOf("--");
  return names === -1 ? [...argv, ...pick] : [...argv.slice(0, names), ...pick, ...argv.slice(names)];
}

/** A dump is asked for by its time. */
function dumpOf(question: Question | undefined, { at }: Version): string | undefined {
  return question && "folder" in question ? at : undefined;
}

/** A path in a copy, as far as it is copied as a tree: what a program has packed comes back whole. */
function deeper(copy: Copy, below: string): Copy {
  if (copy.flow.source.kind !== "tree") return copy;
  const down = <Place extends Copy["location"]>(place: Place): Place => ({
    ...place,
    path: `${place.path}/${below}`,
  });
  const isLive = copy.from === undefined;
  const from = copy.from && deeper(copy.from, below);
  if (!isLive && from === copy.from) return copy;
  return {
    ...copy,
    location: down(copy.location),
    dataset: { ...copy.dataset, location: down(copy.dataset.location) },
    ...(from && { from }),
  };
}
