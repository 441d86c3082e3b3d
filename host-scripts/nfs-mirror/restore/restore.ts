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
import { knownNested } from "../nested";
import { recordedRoot } from "../roots";
import { copyAside, endIfStopped, proveCopy, type Tools } from "./copy";
import { itemsOf, makeAside, place, removeAside, takeBack, withInodes } from "./place";
import {
  asideOf,
  dropRestore,
  isInPlace,
  isThere,
  isUnfinished,
  newId,
  readRestores,
  restoreCommand,
  type RestoreRecord,
  servicesOf,
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
  if (action === "restore") return bringBack(tools, await begin(tools, request), false);
  const record = findRestore(config, request, action);
  await verifyPlaces(tools, record.root);
  context.stop.check("verify");
  if (action === "rollback" || record.state === "undoing") return rollBack(tools, record);
  return bringBack(tools, record, true);
}

/** Proves that the disks are those of the estate: what comes back to an empty mount point would fill the host's own. */
async function verifyPlaces({ config, stop, log }: WayContext<NfsMirrorConfig>, root: string): Promise<void> {
  const source = { role: "source", access: "read", ...config.source } as const;
  const others = root === config.source.path ? [source] : [];
  await proveBackupDisk(config, "read", { stop, log, dryRun: true }, others);
}

async function begin(tools: Tools, request: RestoreRequest): Promise<RestoreRecord> {
  const { config, log } = tools;
  const fresh = await planned(tools, request);
  const { record } = fresh;
  for (const note of fresh.notes) log.info(`Note: ${note}`);
  refuseWithoutRoom(fresh.tally, record.root);
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
  log.info(`copies ${fresh.tally.entries} entries (${fresh.tally.bytes} bytes) to ${asideOf(record)}`);
  return record;
}

interface Planned {
  readonly record: RestoreRecord;
  readonly tally: Tally;
  /** What somebody should know before. */
  readonly notes: readonly string[];
}

/** All that can be told, and refused, before anything is changed. */
async function planned(
  run: WayContext<NfsMirrorConfig>,
  { what, into, atMs, dryRun }: RestoreRequest,
): Promise<Planned> {
  const { config, stop } = run;
  await verifyPlaces(run, into === undefined ? config.source.path : into);
  const wanted = wantedTyped(config, what);
  if (atMs !== undefined) refuseYounger(config, wanted, atMs);
  // Last: it makes the folder.
  const looks = { disk: config.target.path, stop: stop.signal, dryRun };
  const root = into === undefined ? config.source.path : (await intoFolder(into, looks)).path;
  const now = new Date();
  const isAll = what[0] === ".";
  const record: RestoreRecord = {
    ...{ id: newId(config, root, now), state: "copying", root, wanted, lacked: [], isAll },
    items: itemsOf(root, wanted),
  };
  if (wanted.length === 0)
    throw new Refusal(
      `the mirror ${quoted(config.target.path)} holds no service`,
      shell`ls -la ${config.target.path}`,
    );
  refuseWhileCut(config, record);
  if (into === undefined) await refuseOtherFileSystems(run, record);
  const tally = await tallyOf(config.target.path, wanted, () => stop.check("look"));
  return { record, tally, notes: notesOn(config, record) };
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

/** What comes back is put in its place by renaming, which no file system does to or from another one. */
async function refuseOtherFileSystems(
  { config, stop }: WayContext<NfsMirrorConfig>,
  record: RestoreRecord,
): Promise<void> {
  const mounted = await mountsBelow(config.source.path, stop.signal);
  const known = knownNested(config);
  for (const [path, uuid] of Object.entries(known))
    if (mounted.get(path) !== uuid && record.items.some(item => touches(item.path, latin1Of(path))))
      throw new Refusal(
        `${quoted(join(config.source.path, path))} is not the file system that belongs there`,
        shell`mount ${join(config.source.path, path)}`,
      );
  for (const path of mounted.keys())
    if (record.items.some(item => touches(item.path, latin1Of(path))))
      throw new Refusal(
        `${quoted(join(config.source.path, path))} is a file system of its own, and nothing can be put in its place as a whole`,
        shell`${config.job} restore --into ${join(config.source.path, path, "restored")} ${Buffer.from(serviceOf(record.wanted[0] ?? ""), "latin1")}   (and move it from there)`,
      );
}

function touches(item: string, mount: string): boolean {
  return item === mount || item.startsWith(`${mount}/`) || mount.startsWith(`${item}/`);
}

function latin1Of(path: string): string {
  return Buffer.from(path).toString("latin1");
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
      (service === undefined ? record.isAll : servicesOf(record).includes(service)) &&
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
    record = withInodes({ ...record, items: itemsOf(record.root, record.wanted) });
    endIfStopped(tools, record);
    record = writeRestore(config, { ...record, state: "placing" });
  }
  const placing = record;
  await place(record, () => endIfStopped(tools, placing));
  const isNew = record.items.every(({ path }) => !isKept(record, path));
  if (record.isAll && isNew && isInPlace(record, config)) await restoreRoot(tools, record);
  record = writeRestore(config, { ...record, state: "placed" });
  return tellPlaced(tools, record, isNew);
}

function isKept(record: RestoreRecord, path: string): boolean {
  return statIn(asideOf(record), path) !== undefined;
}

/** On a new file system its root's owner, mode, ACL and attributes are those that mkfs gave it. */
async function restoreRoot({ config, stop, lock, log }: Tools, record: RestoreRecord): Promise<void> {
  const folder = recordedRoot(config);
  if (!isThere(folder)) return;
  const args = ["-aAXX", "--numeric-ids", "--omit-dir-times", "--exclude=*", "--", "./", `${record.root}/`];
  const pass = await rsync(
    args,
    { cwd: folder, timeoutMs: rootMs, stop: stop.signal, inherit: [lock.fd] },
    () => undefined,
  );
  endIfStopped({ config, stop, log }, record);
  if (pass.outcome === "complete") return;
  throw new RunnerError(exitCodes.failed, {
    failed: `owner, mode and ACL of ${quoted(record.root)} itself can't be restored: ${firstLines(pass.result.stderr)}`,
    kept: "All services are in their places.",
    next: shell`ls -ld ${folder} ${record.root}; ${ready(restoreCommand(config, record, "resume"))}`,
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
      ...{ as: "restored", root: record.root, what: wantedNames(record) },
      ...(isNew ? {} : { kept: asideOf(record), undo, remove }),
    },
  };
}

async function rollBack(tools: Tools, record: RestoreRecord): Promise<Answer> {
  const { config, stop } = tools;
  const what = wantedText(record);
  const result = { as: "rolled-back", root: record.root, what: wantedNames(record) };
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
      result: { dryRun: true, action, state: record.state, what: wantedNames(record) },
    };
  }
  const { record, tally, notes } = await planned(context, request);
  const { root } = record;
  const room = isThere(root) ? root : dirname(root);
  refuseWithoutRoom(tally, room);
  const items = record.items.map(({ path }) => {
    const place = quoted(inTree(root, path));
    return statIn(root, path) ? `would replace ${place}, and keep what is there` : `would make ${place}`;
  });
  const { entries, bytes } = tally;
  return {
    text: [
      ...notes,
      ...items,
      `${entries} entries, ${bytes} bytes; ${roomOf(room).free.bytes} are free there`,
    ].join("\n"),
    result: { dryRun: true, root, what: wantedNames(record), entries, bytes },
  };
}

function wantedNames({ wanted }: RestoreRecord): string[] {
  return wanted.map(name => noted(Buffer.from(name, "latin1")));
}
