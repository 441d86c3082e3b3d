import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { judgeRestored } from "../../backup-scrub/restored";
import { errnoOf, exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { mountsBelow } from "../../runtime/mounts";
import { noted, quoted } from "../../runtime/quoted";
import { ready, shell } from "../../runtime/shell";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { serviceOf } from "../mirror";
import { bringBack, rollBack } from "./bring-back";
import type { Tools } from "./copy";
import { refuseAway } from "./parts";
import { makeAside, removeAside } from "./place";
import { type Planned, planned, previewOf, refuseWithoutRoom, verifyPlaces } from "./planned";
import {
  asideOf,
  dropRestore,
  isInPlace,
  isThere,
  isUnfinished,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
  shownNames,
  wantedNames,
  wantedText,
  writeRestore,
} from "./record";
import { serviceTyped } from "./resolve";

/** Switches of a restore. */
export const restoreSwitches = {
  resume: "go on with a restore that was cut",
  rollback: "give the service back what it had before its last restore",
};

type Action = "restore" | keyof typeof restoreSwitches;

function actionOf(config: NfsMirrorConfig, { switches }: RestoreRequest): Action {
  const given = (["resume", "rollback"] as const).filter(name => switches.has(name));
  if (given.length > 1) throw usage(config, "--resume and --rollback can't be given together");
  return given[0] ?? "restore";
}

function usage({ job }: NfsMirrorConfig, failed: string): RunnerError {
  return new RunnerError(exitCodes.usage, {
    failed,
    kept: "Nothing was changed.",
    next: shell`${job} --help`,
  });
}

/**
 * Brings a service back from the mirror: copied aside on the same file system, compared with the mirror, and put in its place by one
 * atomic step that puts aside what was there. The job's lock is held meanwhile; and until a restore that was cut has ended, no run
 * of the job touches what the mirror has of the service.
 * @throws {RunnerError} that says in which state everything is
 */
export async function restore(
  request: RestoreRequest,
  context: WayContext<NfsMirrorConfig>,
): Promise<Answer> {
  const { config, lock } = context;
  const action = actionOf(config, request);
  if (action !== "restore" && (request.into !== undefined || request.atMs !== undefined))
    throw usage(config, `--${action} takes no --into and no --at: it is about a restore that began before`);
  if (!lock) return preview(context, request, action);
  const tools = { ...context, lock };
  if (action === "restore") return bringAllBack(tools, await planned(tools, request));
  const record = findRestore(config, request, action);
  const all = [record, ...partsCutWith(config, record)];
  for (const part of all) {
    await verifyPlaces(tools, isInPlace(part, config));
    if (part.below !== "")
      refuseAway(config, [part.below], await mountsBelow(config.source.path, context.stop.signal));
  }
  context.stop.check("verify");
  return eachOf(tools, all, async part =>
    action === "rollback" || part.state === "undoing"
      ? rollBack(tools, part)
      : broughtBack(tools, part, true),
  );
}

/** One file system after the other. */
async function bringAllBack(tools: Tools, all: readonly Planned[]): Promise<Answer> {
  for (const { record, tally, notes } of all) {
    for (const note of notes) tools.log.info(`Note: ${note}`);
    refuseWithoutRoom(tally, record.root);
  }
  await beginAll(tools, all);
  return eachOf(tools, all, async ({ record, tally }) => {
    tools.log.info(`copies ${tally.entries} entries (${tally.bytes} bytes) to ${asideOf(record)}`);
    return broughtBack(tools, record, false);
  });
}

/** A mirror's file that rotted was brought back rightly all the same. */
async function broughtBack(tools: Tools, record: RestoreRecord, isResumed: boolean): Promise<Answer> {
  const { target, sumsDir, job } = tools.config;
  const answer = await bringBack(tools, record, isResumed);
  const names = wantedNames(record);
  const paths = names.map(name => ({ unit: serviceOf(name), path: name }));
  const next = shell`${job} list; systemctl start backup-scrub   (it mends what it has a good copy of)`;
  return judgeRestored(
    answer,
    { catalogue: { target, stateDir: sumsDir }, paths, isFixed: false, next },
    tools,
  );
}

/** What ended before one failed is told all the same. */
async function eachOf<Part>(
  { log }: Tools,
  parts: readonly Part[],
  act: (part: Part) => Promise<Answer>,
): Promise<Answer> {
  const answers: Answer[] = [];
  try {
    for (const part of parts) answers.push(await act(part));
  } catch (error) {
    for (const { text } of answers) log.info(text);
    throw error;
  }
  const [only, ...more] = answers;
  if (only && more.length === 0) return only;
  const failure = answers.find(answer => answer.failure)?.failure;
  return {
    text: answers.map(({ text }) => text).join("\n"),
    result: { restores: answers.map(({ result }) => result) },
    ...(failure && { failure }),
  };
}

/** All of them are on record before the first is copied: whatever ends this, none of them is forgotten. */
async function beginAll(tools: Tools, all: readonly Planned[]): Promise<void> {
  const begun: RestoreRecord[] = [];
  try {
    for (const { record } of all) {
      begin(tools, record);
      begun.push(record);
    }
  } catch (error) {
    for (const record of begun) {
      await removeAside(record, tools.stop.signal);
      dropRestore(tools.config, record);
    }
    throw error;
  }
}

function begin({ config }: Tools, record: RestoreRecord): void {
  try {
    writeRestore(config, record);
    makeAside(record);
  } catch (error) {
    dropRestore(config, record);
    if (errnoOf(error) !== "EROFS") throw error;
    throw new Refusal(
      `${quoted(record.root)} is mounted read-only`,
      shell`dmesg --level err,warn | tail; mount -o remount,rw ${record.root}`,
    );
  }
}

/** The last restore that has to do with a service, as somebody typed it. @throws {Refusal} when there is none */
function findRestore(
  config: NfsMirrorConfig,
  { what }: RestoreRequest,
  action: keyof typeof restoreSwitches,
): RestoreRecord {
  const [first = ".", ...more] = what;
  if (more.length > 0) throw usage(config, `restore --${action} takes a SERVICE alone`);
  const service = first === "." ? undefined : serviceTyped(config, first);
  const found = readRestores(config).findLast(
    record =>
      (service === undefined ? record.isAll && record.below === "" : servicesOf(record).includes(service)) &&
      (isUnfinished(record) ||
        (action === "rollback" && record.state === "placed" && isThere(asideOf(record)))),
  );
  if (found && action === "rollback" && service !== undefined) refuseOthers(config, found, service);
  if (found) return found;
  throw new Refusal(
    `there is no restore of ${first === "." ? "all services" : `"${noted(first)}"`} that ${action === "resume" ? "was cut" : "can be taken back"}`,
    shell`${config.job} list`,
  );
}

/** Of all services, file systems below the source come back by themselves: those that were cut too. */
function partsCutWith(config: NfsMirrorConfig, record: RestoreRecord): RestoreRecord[] {
  const { isAll, below } = record;
  if (!isAll || below !== "" || !isInPlace(record, config) || !isUnfinished(record)) return [];
  return readRestores(config).filter(other => other.isAll && other.below !== "" && isUnfinished(other));
}

/** Nobody who names one service wants to lose what the others have had since. @throws {Refusal} */
function refuseOthers(config: NfsMirrorConfig, record: RestoreRecord, service: string): void {
  const others = servicesOf(record).filter(name => name !== service);
  if (record.state !== "placed" || others.length === 0) return;
  throw new Refusal(
    `the last restore of ${quoted(Buffer.from(service, "latin1"))} brought back ${others.length} other services too, and all of them would be taken back`,
    shell`ls -la ${asideOf(record)}   (what was there before; to take all back: ${ready(restoreCommand(config, record, "rollback"))})`,
  );
}

async function preview(
  context: WayContext<NfsMirrorConfig>,
  request: RestoreRequest,
  action: Action,
): Promise<Answer> {
  if (action !== "restore") {
    const record = findRestore(context.config, request, action);
    const does = action === "resume" && record.state !== "undoing" ? "go on with" : "take back";
    return {
      text: `would ${does} the restore of ${wantedText(record)} (${record.state})`,
      result: { dryRun: true, action, state: record.state, what: shownNames(record) },
    };
  }
  const parts = (await planned(context, request)).map(previewOf);
  return {
    text: parts.map(({ text }) => text).join("\n"),
    result: { dryRun: true, parts: parts.map(({ result }) => result) },
  };
}
