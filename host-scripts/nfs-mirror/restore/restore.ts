import { dirname, join } from "node:path";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { proveBackupDisk } from "../../runtime/backup-disk";
import { errnoOf, exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { roomOf } from "../../runtime/free-room";
import { intoFolder } from "../../runtime/into-folder";
import { momentText } from "../../runtime/moment";
import { mountsBelow } from "../../runtime/mounts";
import { noted, quoted } from "../../runtime/quoted";
import { rsync } from "../../runtime/rsync";
import { ready, shell } from "../../runtime/shell";
import { firstLines } from "../../runtime/tail";
import { inTree, statIn } from "../../runtime/tree-path";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { serviceOf } from "../mirror";
import { asOfService, heldOf, readMirrored } from "../mirrored";
import { recordedRoot } from "../roots";
import { copyAside, endIfStopped, proveCopy, type Tools } from "./copy";
import { dataIn, partsOf, refuseAway } from "./parts";
import { itemsOf, makeAside, place, removeAside, takeBack, withInodes } from "./place";
import {
  asideName,
  asideOf,
  dropRestore,
  isInPlace,
  isThere,
  isUnfinished,
  mirrorRoot,
  newId,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
  wantedNames,
  wantedText,
  writeRestore,
} from "./record";
import { serviceTyped, wantedTyped } from "./resolve";
import { type Tally, tallyOf } from "./tally";

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
  await verifyPlaces(tools, isInPlace(record, config));
  if (record.below !== "")
    refuseAway(config, [record.below], await mountsBelow(config.source.path, context.stop.signal));
  context.stop.check("verify");
  if (action === "rollback" || record.state === "undoing") return rollBack(tools, record);
  return bringBack(tools, record, true);
}

/** One file system after the other. */
async function bringAllBack(tools: Tools, all: readonly Planned[]): Promise<Answer> {
  for (const { record, tally, notes } of all) {
    for (const note of notes) tools.log.info(`Note: ${note}`);
    refuseWithoutRoom(tally, record.root);
  }
  const answers: Answer[] = [];
  try {
    for (const fresh of all) {
      begin(tools, fresh);
      answers.push(await bringBack(tools, fresh.record, false));
    }
  } catch (error) {
    for (const { text } of answers) tools.log.info(text);
    throw error;
  }
  const [only, ...more] = answers;
  if (only && more.length === 0) return only;
  return {
    text: answers.map(({ text }) => text).join("\n"),
    result: { restores: answers.map(({ result }) => result) },
  };
}

/** Proves that the disks are those of the estate: what comes back to an empty mount point would fill the host's own. */
async function verifyPlaces(
  { config, stop, log }: WayContext<NfsMirrorConfig>,
  isInPlace: boolean,
): Promise<void> {
  const source = { role: "source", access: "read", ...config.source } as const;
  await proveBackupDisk(config, "read", { stop, log, dryRun: true }, isInPlace ? [source] : []);
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

interface Planned {
  readonly record: RestoreRecord;
  readonly tally: Tally;
  /** What somebody should know before. */
  readonly notes: readonly string[];
}

/** All that can be told, and refused, before anything is changed: of each file system on which something comes back. */
async function planned(
  run: WayContext<NfsMirrorConfig>,
  { what, into, atMs, dryRun }: RestoreRequest,
): Promise<Planned[]> {
  const { config, stop } = run;
  await verifyPlaces(run, into === undefined);
  const names = wantedTyped(config, what);
  if (names.length === 0)
    throw new Refusal(
      `the mirror ${quoted(config.target.path)} holds no service`,
      shell`ls -la ${config.target.path}`,
    );
  if (atMs !== undefined) refuseYounger(config, names, atMs);
  const isAll = what[0] === ".";
  const mounted = await mountsBelow(config.source.path, stop.signal);
  const whole = { below: "", wanted: names, isAll };
  const parts = into === undefined ? partsOf(config, names, { mounted, isAll }) : [whole];
  // Last: it makes the folder.
  const looks = { disk: config.target.path, stop: stop.signal, dryRun };
  const folder = into === undefined ? undefined : (await intoFolder(into, looks)).path;
  const all: Planned[] = [];
  for (const part of parts) {
    const root = folder ?? join(config.source.path, Buffer.from(part.below, "latin1").toString());
    const taken = all.map(({ record }) => record.id);
    const record: RestoreRecord = {
      ...{ id: newId(config, root, new Date(), taken), state: "copying", root, below: part.below },
      ...{ wanted: [...part.wanted], lacked: [], isAll: part.isAll, items: itemsOf(root, part.wanted) },
    };
    if (folder === undefined) refuseWhileCut(config, record);
    const tally = await tallyOf(mirrorRoot(config, record), record.wanted, () => stop.check("look"));
    all.push({ record, tally, notes: notesOn(config, record) });
  }
  return all;
}

function notesOn(config: NfsMirrorConfig, record: RestoreRecord): string[] {
  const mirrored = readMirrored(config);
  return servicesOf(record).flatMap(service => {
    const shown = noted(Buffer.from(service, "latin1"));
    const held = mirrored ? heldOf(mirrored, service) : [];
    return [
      `the mirror has ${shown} as of ${asOfService(mirrored, service) ?? "a time that isn't known"}`,
      ...held.map(
        ({ path, reason }) =>
          `of ${noted(Buffer.from(path, "latin1"))} the mirror lacks what is new: ${reason}`,
      ),
    ];
  });
}

/** Of two restores of a service, nobody could say what was there before. */
function refuseWhileCut(config: NfsMirrorConfig, fresh: RestoreRecord): void {
  const services = new Set(servicesOf(fresh));
  const other = readRestores(config).find(
    record =>
      isUnfinished(record) &&
      record.root === fresh.root &&
      servicesOf(record).some(name => services.has(name)),
  );
  if (!other) return;
  throw new Refusal(
    `a restore of ${wantedText(other)} was cut while it was ${other.state}`,
    shell`${ready(restoreCommand(config, other, "resume"))}   (or give it up: ${ready(restoreCommand(config, other, "rollback"))})`,
  );
}

/** A mirror has one state of each service. */
function refuseYounger(config: NfsMirrorConfig, wanted: readonly string[], atMs: number): void {
  const mirrored = readMirrored(config);
  for (const service of new Set(wanted.map(serviceOf))) {
    const asOf = asOfService(mirrored, service);
    if (asOf !== undefined && Date.parse(asOf) <= atMs) continue;
    throw new Refusal(
      `the mirror has ${quoted(Buffer.from(service, "latin1"))} as of ${asOf ?? "a time that isn't known"} alone, which is not before ${momentText(atMs)}`,
      shell`${config.job} list`,
    );
  }
}

/** What is there stays beside what comes: nothing is removed to make room. */
function refuseWithoutRoom({ blockBytes, entries }: Tally, root: string): void {
  const { free } = roomOf(root);
  if (blockBytes <= free.bytes && entries <= free.inodes) return;
  throw new Refusal(
    `${quoted(root)} has room for ${free.bytes} bytes and ${free.inodes} entries, and ${blockBytes} bytes and ${entries} entries come: what is there is kept until somebody removes it`,
    shell`df -h ${root}; df -i ${root}   (make room, restore paths of it, or restore --into a folder on another disk)`,
  );
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
  if (found) return found;
  throw new Refusal(
    `there is no restore of ${first === "." ? "all services" : `"${noted(first)}"`} that ${action === "resume" ? "was cut" : "can be taken back"}`,
    shell`${config.job} list`,
  );
}

async function bringBack(tools: Tools, begun: RestoreRecord, isResumed: boolean): Promise<Answer> {
  const { config } = tools;
  let record = begun;
  if (record.state === "copying") {
    makeAside(record);
    record = await copyAside(tools, record, isResumed);
    tools.log.info("compares the copy with the mirror");
    await proveCopy(tools, record);
    // Where something came or went meanwhile, what changes places is another folder.
    record = withInodes({ ...record, items: placesOf(record) });
    endIfStopped(tools, record);
    if (hasOwnRoot(record) && !isThere(keptRoot(record)))
      await copyRoot(tools, record, record.root, keptRoot(record));
    record = writeRestore(config, { ...record, state: "placing" });
  }
  const placing = record;
  await place(record, () => endIfStopped(tools, placing));
  const isNew = record.items.every(({ path }) => !isKept(record, path));
  if (hasOwnRoot(record)) await copyRoot(tools, record, mirrorRoot(config, record), record.root);
  else if (record.isAll && isNew && isInPlace(record, config) && isThere(recordedRoot(config)))
    // On a new file system its root's owner, mode, ACL and attributes are those that mkfs gave it.
    await copyRoot(tools, record, recordedRoot(config), record.root);
  record = writeRestore(config, { ...record, state: "placed" });
  return tellPlaced(tools, record, isNew);
}

/** What changes places; of a file system that comes back as a whole, what the mirror lacks goes. */
function placesOf(record: RestoreRecord): RestoreRecord["items"] {
  const items = itemsOf(record.root, record.wanted);
  if (!hasOwnRoot(record)) return items;
  const wanted = new Set(record.wanted);
  const gone = dataIn(Buffer.from(record.root)).filter(entry => !wanted.has(entry));
  return [...items, ...gone.map(path => ({ path, isNew: false, isGone: true }))];
}

/** Whether the root of a file system is a part of what comes back: it is a service, or a folder in one. */
function hasOwnRoot({ below, isAll }: RestoreRecord): boolean {
  return below !== "" && isAll;
}

/** An empty folder with what that root had before. No entry that comes back has its name. */
function keptRoot(record: RestoreRecord): string {
  return join(asideOf(record), asideName);
}

function isKept(record: RestoreRecord, path: string): boolean {
  return statIn(asideOf(record), path) !== undefined;
}

/** Gives a folder owner, mode, ACL and attributes of another one, and nothing that is in it. */
async function copyRoot(
  { config, stop, lock, log }: Tools,
  record: RestoreRecord,
  from: string,
  to: string,
): Promise<void> {
  const args = ["-aAXX", "--numeric-ids", "--omit-dir-times", "--exclude=*", "--", "./", `${to}/`];
  const pass = await rsync(
    args,
    { cwd: from, timeoutMs: rootMs, stop: stop.signal, inherit: [lock.fd] },
    () => undefined,
  );
  endIfStopped({ config, stop, log }, record);
  if (pass.outcome === "complete") return;
  throw new RunnerError(exitCodes.failed, {
    failed: `owner, mode and ACL of ${quoted(from)} itself can't be given to ${quoted(to)}: ${firstLines(pass.result.stderr)}`,
    kept: "What is in it is kept, in its place or aside.",
    next: shell`ls -ld ${from} ${to}; ${ready(restoreCommand(config, record, "resume"))}`,
  });
}

const rootMs = 60_000;

async function tellPlaced(tools: Tools, record: RestoreRecord, isNew: boolean): Promise<Answer> {
  const { config, stop } = tools;
  const what = wantedText(record);
  const undo = restoreCommand(config, record, "rollback");
  const remove = shell`rm -rf --one-file-system -- ${asideOf(record)}`;
  if (isNew) {
    // Nothing was there: nothing is kept.
    await removeAside(record, stop.signal);
    dropRestore(config, record);
  }
  const lacked = record.lacked.map(name => noted(Buffer.from(name, "latin1")));
  if (lacked.length > 0)
    throw new RunnerError(exitCodes.failed, {
      failed: `${lacked.length} entries can't be brought back, as the mirror can't be read there: ${lacked.slice(0, 5).join(", ")}${lacked.length > 5 ? ", …" : ""}`,
      kept: isNew
        ? `All else of ${what} is in ${record.root}.`
        : `All else of ${what} is in its place; what was there is kept in ${asideOf(record)}.`,
      next: isNew
        ? shell`dmesg --level err,warn | tail`
        : shell`look for them in ${asideOf(record)}; to take it back: ${ready(undo)}`,
    });
  const lines = [
    `${what} in ${record.root} is what the mirror has: compared by content, owner, mode, times, ACL, attributes and links`,
    ...(isNew
      ? []
      : [
          `What was there is kept in ${asideOf(record)}`,
          `When all is well: ${remove}`,
          `If it isn't:      ${undo}`,
        ]),
  ];
  return {
    text: lines.join("\n"),
    result: {
      ...{ as: "restored", root: record.root, what: shownNames(record) },
      ...(isNew ? {} : { kept: asideOf(record), undo, remove }),
    },
  };
}

async function rollBack(tools: Tools, record: RestoreRecord): Promise<Answer> {
  const { config, stop } = tools;
  const what = wantedText(record);
  const result = { as: "rolled-back", root: record.root, what: shownNames(record) };
  if (record.state === "copying") {
    await removeAside(record, stop.signal);
    dropRestore(config, record);
    return {
      text: `${what} is as it was: nothing of it had been replaced, and what was copied is removed`,
      result,
    };
  }
  const undoing = writeRestore(config, { ...record, state: "undoing" });
  await takeBack(undoing, () => endIfStopped(tools, undoing));
  if (isThere(keptRoot(undoing))) await copyRoot(tools, undoing, keptRoot(undoing), undoing.root);
  writeRestore(config, { ...undoing, state: "undone" });
  const kept = asideOf(record);
  const remove = shell`rm -rf --one-file-system -- ${kept}`;
  return {
    text: `${what} is what it was before the restore\nWhat the restore had brought is kept in ${kept}\nWhen nobody needs it: ${remove}`,
    result: { ...result, kept, remove },
  };
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

function previewOf({ record, tally, notes }: Planned): Answer {
  const { root } = record;
  const room = isThere(root) ? root : dirname(root);
  refuseWithoutRoom(tally, room);
  const items = placesOf(record).map(({ path, isGone }) => {
    const place = quoted(inTree(root, path));
    if (isGone) return `would put aside ${place}`;
    return statIn(root, path) ? `would replace ${place}, and keep what is there` : `would make ${place}`;
  });
  const { entries, bytes } = tally;
  return {
    text: [
      ...notes,
      ...items,
      `${entries} entries, ${bytes} bytes; ${roomOf(room).free.bytes} are free there`,
    ].join("\n"),
    result: { root, what: shownNames(record), entries, bytes },
  };
}

function shownNames(record: RestoreRecord): string[] {
  return wantedNames(record).map(name => noted(Buffer.from(name, "latin1")));
}
