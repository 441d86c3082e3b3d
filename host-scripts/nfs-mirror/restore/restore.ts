import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { judgeRestored } from "../../backup-scrub/restored";
import { errnoOf, exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { mountsBelow } from "../../runtime/mounts";
import { noted, quoted } from "../../runtime/quoted";
import { ready, shell } from "../../runtime/shell";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { serviceOf } from "../mirror";
import { beginRollBack, bringBack, rollBack } from "./bring-back";
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
  const records = findRestores(config, request, action);
  await verifyPlaces(
    tools,
    records.some(record => isInPlace(record, config)),
  );
  const below = records.flatMap(record => (record.below === "" ? [] : [record.below]));
  if (below.length > 0) refuseAway(config, below, await mountsBelow(config.source.path, context.stop.signal));
  context.stop.check("verify");
  if (action === "resume")
    return eachOf(tools, records, record =>
      record.state === "undoing" ? rollBack(tools, record) : broughtBack(tools, record, true),
    );
  // All of them, before the first: one that is cut then is on record as what it is.
  const undoing = records.map(record => beginRollBack(config, record));
  return eachOf(tools, undoing.reverse(), record => rollBack(tools, record));
}

/** @throws {Refusal} before anything has changed */
async function bringAllBack(tools: Tools, all: readonly Planned[]): Promise<Answer> {
  for (const { record, tally, notes } of all) {
    for (const note of notes) tools.log.info(`Note: ${note}`);
    refuseWithoutRoom(tally, record.root);
  }
  // All of them, before the first: one whose turn doesn't come is on record as cut.
  await beginAll(tools, all);
  return eachOf(
    tools,
    all.map(({ record }) => record),
    record => broughtBack(tools, record, false),
  );
}

/** A mirror's file that rotted was brought back rightly all the same. */
async function broughtBack(tools: Tools, record: RestoreRecord, isResumed: boolean): Promise<Answer> {
  const { target, sumsDir, job } = tools.config;
  const answer = await bringBack(tools, record, isResumed);
  const paths = wantedNames(record).map(name => ({ unit: serviceOf(name), path: name }));
  const next = shell`${job} list; systemctl start backup-scrub   (it mends what it has a good copy of)`;
  return judgeRestored(
    answer,
    { catalogue: { target, stateDir: sumsDir }, paths, isFixed: false, next },
    tools,
  );
}

/** One file system after the other. */
async function eachOf(
  tools: Tools,
  records: readonly RestoreRecord[],
  act: (record: RestoreRecord) => Promise<Answer>,
): Promise<Answer> {
  const answers: Answer[] = [];
  try {
    for (const record of records) answers.push(await act(record));
  } catch (error) {
    for (const { text } of answers) tools.log.info(text);
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

async function beginAll(tools: Tools, all: readonly Planned[]): Promise<void> {
  const begun: RestoreRecord[] = [];
  try {
    for (const fresh of all) {
      begin(tools, fresh);
      begun.push(fresh.record);
    }
  } catch (error) {
    for (const record of begun) {
      await removeAside(record, tools);
      dropRestore(tools.config, record);
    }
    throw error;
  }
}

function begin({ config, log }: Tools, { record, tally }: Planned): void {
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
  log.info(`copies ${tally.entries} entries (${tally.bytes} bytes) to ${asideOf(record)}`);
}

/**
 * The last restore that has to do with a service, as somebody typed it, on each file system that it is about.
 * @throws {Refusal} when there is none, or when more than that service would be taken back
 */
function findRestores(
  config: NfsMirrorConfig,
  { what }: RestoreRequest,
  action: keyof typeof restoreSwitches,
): RestoreRecord[] {
  const [first = ".", ...more] = what;
  if (more.length > 0) throw usage(config, `restore --${action} takes a SERVICE alone`);
  const service = first === "." ? undefined : serviceTyped(config, first);
  const records = readRestores(config).records.filter(
    record =>
      isUnfinished(record) ||
      (action === "rollback" && record.state === "placed" && isThere(asideOf(record))),
  );
  const found = records.findLast(record =>
    service === undefined ? record.asked === "." : servicesOf(record).includes(service),
  );
  if (found) {
    if (action === "rollback" && service !== undefined && found.asked === ".")
      throw new Refusal(
        `the last restore of ${quoted(Buffer.from(service, "latin1"))} was one of all services, which would all be taken back`,
        shell`${ready(restoreCommand(config, found, "rollback"))}   (what that one alone had before is in ${asideOf(found)})`,
      );
    return records.filter(record => record.first === found.first);
  }
  throw new Refusal(
    `there is no restore of ${first === "." ? "all services" : `"${noted(first)}"`} that ${action === "resume" ? "was cut" : "can be taken back"}`,
    shell`${config.job} list`,
  );
}

async function preview(
  context: WayContext<NfsMirrorConfig>,
  request: RestoreRequest,
  action: Action,
): Promise<Answer> {
  if (action !== "restore") {
    const records = findRestores(context.config, request, action);
    return {
      text: records
        .map(record => {
          const does = action === "resume" && record.state !== "undoing" ? "go on with" : "take back";
          return `would ${does} the restore of ${wantedText(record)} (${record.state})`;
        })
        .join("\n"),
      result: {
        ...{ dryRun: true, action },
        restores: records.map(record => ({ state: record.state, what: shownNames(record) })),
      },
    };
  }
  const parts = (await planned(context, request)).map(previewOf);
  return {
    text: parts.map(({ text }) => text).join("\n"),
    result: { dryRun: true, parts: parts.map(({ result }) => result) },
  };
}
