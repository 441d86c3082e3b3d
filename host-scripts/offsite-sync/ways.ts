import { isUtf8 } from "node:buffer";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import type { Versions } from "../../plan/contracts/versions";
import { Refusal, RunnerError } from "../runtime/errors";
import { roomOf } from "../runtime/free-room";
import { intoFolder } from "../runtime/into-folder";
import { momentText } from "../runtime/moment";
import { verifyMounts } from "../runtime/mounts";
import { bytesOfTyped, notedName, quoted, typable } from "../runtime/quoted";
import { withNameFilters } from "../runtime/path-list";
import { required } from "../runtime/required";
import { restoreTree } from "../runtime/restore-tree";
import type { RsyncPass } from "../runtime/rsync";
import type { SharedConnection } from "../runtime/shared-ssh";
import { ready, shell } from "../runtime/shell";
import { sizeText } from "../runtime/size-text";
import { typedPath } from "../runtime/typed-path";
import type { Answer, ListRequest, RestoreRequest, WayContext, Ways } from "../runtime/ways";
import { readMemory } from "./memory";
import type { Leg } from "./offsite";
import { owedOf, owedText } from "./owed";
import {
  type Asking,
  connect,
  endsWith,
  failureOf,
  neverSent,
  offsiteMetadata,
  remotePathOf,
  remoteRsync,
  remoteShell,
} from "./remote";
import { beginRestore, endRestore } from "./unfinished";
import { emptyPlace, isTakenAway, makePlace } from "./restore-place";

type Context = WayContext<OffsiteSyncConfig>;

/** To start the job would copy the other way. */
const again = "the same command again";

/** Switch of a restore. */
const unhindered = "without-room";

/** What an operator may ask of the copies at the destination. */
export const ways: Ways<OffsiteSyncConfig> = {
  list: {
    usage: "[PATH]",
    does: "how each leg stands and what is owed; of a PATH of this host, what the destination has of it",
    run: list,
  },
  versions,
  verify: {
    usage: "[PATH]",
    does: "compare it, or all legs, with the destination by checksum, and name what only the destination has",
    run: verify,
  },
  restore: {
    usage: "PATH [NAME]...",
    does: "bring a folder of this host back to its place, which has to be empty or missing, or to --into; there,\n                   names below it alone if they are said",
    words: [1, Infinity],
    switches: {
      [unhindered]: "go on where its files are larger than the room that is left: those with holes take less",
    },
    run: restore,
  },
};

async function list(request: ListRequest, context: Context): Promise<Answer> {
  if (request.what !== undefined) return listFar(request.what, context);
  const { config } = context;
  const memory = readMemory(config);
  const legs = config.legs.map(leg => {
    const lastMs = memory.legs[leg.from];
    const journals = leg.journals.map(journal => owedOf(config, journal, memory.stamps[journal.folder]));
    return {
      from: leg.from,
      to: leg.to,
      last: lastMs === undefined ? undefined : momentText(lastMs),
      journals,
    };
  });
  const lines = legs.flatMap(({ from, to, last, journals }) => [
    `${from} -> ${config.destination.name}:${to}  ${last === undefined ? "never whole there" : `whole and verified as of ${last}`}`,
    ...(journals.length === 0 ? ["  nobody notes what changes in it: each run compares all of it"] : []),
    ...journals.map(journal => `  ${owedText(journal)}`),
  ]);
  return Promise.resolve({ text: lines.join("\n"), result: { legs } });
}

/** Each leg as it was whole last: the destination has one state of it, newer in what was sent since. Nobody is asked but this host. */
function versions({ config }: Context): Versions {
  const memory = readMemory(config);
  const versions = config.legs.map(leg => {
    const lastMs = memory.legs[leg.from];
    const owed = leg.journals
      .map(journal => owedOf(config, journal, memory.stamps[journal.folder]))
      .filter(({ segments, whole }) => segments > 0 || whole !== undefined)
      .map(owedText);
    return {
      of: leg.from,
      ...(lastMs !== undefined && { at: momentText(lastMs) }),
      lacks: lastMs === undefined ? ["never whole there", ...owed] : owed,
      pick: [],
    };
  });
  return { versions };
}

/** Where a path of this host is at the destination. @throws {Refusal} */
function placeOf(
  config: OffsiteSyncConfig,
  path: string,
): { readonly leg: Leg; readonly to: string; readonly path: string } {
  const plain = path.replace(/(?<=.)\/+$/, "");
  const legs = [...config.legs].sort((a, b) => b.from.length - a.from.length);
  const leg = legs.find(({ from }) => plain === from || plain.startsWith(`${from}/`));
  if (leg && !plain.split("/").includes(".."))
    return { leg, to: `${leg.to}${plain.slice(leg.from.length)}`, path: plain };
  throw new Refusal(
    `${quoted(path)} is in no leg, expected ${config.legs.map(({ from }) => from).join(", ")} or a path below one`,
    shell`${config.job} list`,
  );
}

/**
 * A path that somebody typed, as it is or as messages show it; where its backslashes may mean either, what this host has.
 * @throws {Refusal} where it isn't UTF-8, as an argument has to be: what lies in a folder may be called otherwise
 */
function pathOfTyped({ job }: OffsiteSyncConfig, typed: string): string {
  const bytes = bytesOfTyped(typed);
  const words = bytes.toString("latin1").split("/");
  const first = words.findIndex(word => !isUtf8(Buffer.from(word, "latin1")));
  if (first === -1) return !existsSync(bytes) && existsSync(typed) ? typed : bytes.toString();
  const above = Buffer.from(words.slice(0, first).join("/"), "latin1").toString() || "/";
  const name = notedName(words.slice(first).join("/"));
  throw new Refusal(
    `${quoted(bytes)} isn't UTF-8, which a path has to be here; a name below one hasn't`,
    shell`${job} restore ${typable(above)} ${name} --into /root/restored   (list and verify: of ${above})`,
  );
}

async function listFar(what: string, context: Context): Promise<Answer> {
  const { to } = placeOf(context.config, pathOfTyped(context.config, what));
  const lines: string[] = [];
  const pass = await remoteRsync(context, ["--list-only", "--", `${remotePathOf(context.config, to)}/`], {
    cwd: "/",
    onText: line => lines.push(line),
  });
  if (pass.outcome !== "complete") throw notAnswered(context, what, pass);
  return { text: lines.join("\n"), result: { path: what, entries: lines } };
}

/** Of a look at what is there. */
function notAnswered(context: Context, path: string, pass: RsyncPass): RunnerError {
  const { config } = context;
  if (/change_dir .* failed: No such file or directory \(2\)/.test(pass.result.stderr))
    return new Refusal(
      `${config.destination.name} has no folder ${quoted(path)}`,
      shell`${config.job} list ${typable(dirname(path))}`,
    );
  return failureOf({ ...context, again }, path, pass, "Nothing was changed.");
}

/** Nobody's budget ends a connection for somebody who waits. */
const longestMs = 7 * 24 * 3_600_000;

/** Does what asks the destination more than once, over one connection. */
async function connected<Result>(
  context: Context,
  ask: (connection: SharedConnection | undefined) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(
    { ...context, again },
    { timeoutMs: longestMs, kept: "Nothing was changed." },
  );
  try {
    return await ask(connection);
  } finally {
    await connection?.close();
  }
}

async function verify({ what }: ListRequest, context: Context): Promise<Answer> {
  const memory = readMemory(context.config);
  return connected(context, connection =>
    compare(what, { ...context, memory, ...(connection && { connection }) }),
  );
}

async function compare(what: string | undefined, context: Context & Asking): Promise<Answer> {
  const { config, log } = context;
  const places =
    what === undefined
      ? config.legs.map(({ from }) => placeOf(config, from))
      : [placeOf(config, pathOfTyped(config, what))];
  const bad: string[] = [];
  const orphans: string[] = [];
  let entries = 0;
  for (const { leg, path, to } of places) {
    const filters =
      path === leg.from ? [...neverSent, ...leg.excludes.map(name => `--exclude=/${name}`)] : [...neverSent];
    const unfinished = leg.generations.flatMap(({ folder }) =>
      [".part", ".trash"].map(name => `--exclude=/${folder}/${name}`),
    );
    const pass = await remoteRsync(
      context,
      [
        ...[...offsiteMetadata, "--checksum", "--dry-run", "--delete", ...filters, ...unfinished],
        ...["--", "./", `${remotePathOf(config, to)}/`],
      ],
      { cwd: path },
      item => {
        if (item.isFolder && item.kind === "changed") return;
        (item.kind === "deleted" ? orphans : bad).push(
          `${path}/${quoted(item.path).slice(1, -1)} (${item.letters.trim()})`,
        );
        log.progress(`verify: ${bad.length} differ, now ${quoted(item.path)}`);
      },
    );
    if (pass.outcome !== "complete" && pass.outcome !== "vanished")
      throw failureOf({ ...context, again }, path, pass, "Nothing was changed.");
    entries += pass.entries;
  }
  const lines = [
    `${entries} entries compared by checksum: ${bad.length} differ or are missing there, ${orphans.length} are only there`,
    ...bad.map(name => `differs  ${name}`),
    ...orphans.map(name => `only there  ${name}`),
  ];
  const result = { entries, bad, orphans };
  if (bad.length === 0) return { text: lines.join("\n"), result };
  return {
    text: lines.join("\n"),
    result,
    failure: {
      failed: `${bad.length} of ${entries} entries aren't at ${config.destination.name} as they are here, first ${bad[0]}`,
      kept: "Nothing was changed.",
      next: shell`systemctl start ${config.job}   (what changed since the last run is sent by it)`,
    },
  };
}

async function restore(typed: RestoreRequest, context: Context): Promise<Answer> {
  const { config, log, stop, lock } = context;
  if (typed.atMs !== undefined)
    throw new Refusal(
      "the destination has each file as it was sent last, and generations as folders of their own",
      shell`${config.job} list ${typed.what[0] ?? ""}`,
    );
  const { leg, path, to } = placeOf(config, pathOfTyped(config, typed.what[0] ?? ""));
  const { into: elsewhere, ...inPlace } = typed;
  const request: RestoreRequest = elsewhere !== undefined && resolve(elsewhere) === path ? inPlace : typed;
  // Without its disk, it would fill the one below, and be out of sight once the disk is there.
  if (request.into === undefined)
    await verifyMounts([{ role: "place", access: "read", ...leg.mount }], stop.signal);
  const only = namesBelow(request, config.job);
  const into = request.into ?? emptyPlace(config, path, leg);
  const result = { path, into, from: to };
  const text = `${quoted(path)} from ${config.destination.name}:${to} to ${quoted(into)}`;
  if (request.dryRun) {
    const { entries, totalBytes: bytes } = await looked(context, path, to, only);
    return {
      text: `would bring ${text}: ${entries} entries, ${bytes} bytes`,
      result: { ...result, entries, bytes },
    };
  }
  const open = async (dryRun: boolean): Promise<string> =>
    (await intoFolder(into, { disk: config.stateDir, dryRun, stop: stop.signal })).path;
  const isMade = request.into === undefined && !existsSync(into);
  const opened = request.into === undefined ? into : await open(true);
  const done = await connected(context, async connection => {
    const asked = await looked({ ...context, ...(connection && { connection }) }, path, to, only);
    if (!request.switches.has(unhindered)) refuseWithoutRoom(asked, opened, config.job);
    if (request.into === undefined) beginRestore(config, path);
    const place = request.into === undefined ? makePlace(into) : await open(false);
    const restored = await restoreTree({
      from: place,
      into: place,
      ...(only && { only }),
      far: {
        args: [
          ...[...offsiteMetadata, "-e", remoteShell(config, connection)],
          `--timeout=${Math.ceil(config.stallMs / 1000)}`,
        ],
        source: `${remotePathOf(config, to)}/`,
        onExit: endsWith(connection),
      },
      ...{ stateDir: config.stateDir, lockFd: required(lock, "lock").fd, log, stop: stop.signal },
    });
    if (request.into === undefined) endRestore(config, path);
    return restored;
  }).catch((error: unknown) => {
    if (!isMade || (existsSync(into) && !isTakenAway(into))) throw error;
    if (!(error instanceof RunnerError) || error instanceof Refusal || path === leg.from) throw error;
    // A file there is no folder to bring back, and a folder in its place would be sent in the place of the file.
    const above = shell`${config.job} restore ${typable(dirname(path))} --into /root/restored`;
    const next = shell`${ready(error.next)}   (or, where it is a file: ${ready(above)})`;
    throw new RunnerError(error.exitCode, { failed: error.failed, kept: error.kept, next });
  });
  return {
    text: `brought back ${text}: ${done.entries} entries, ${done.bytes} bytes, compared with what is there by content, owner, mode, times and attributes`,
    result: { ...result, ...done },
  };
}

/** Hours over a line that end at a full disk are hours lost. @param place folder that may not be there yet @throws {Refusal} */
function refuseWithoutRoom({ inodes, bytes }: Looked, place: string, job: string): void {
  let there = place;
  while (!existsSync(there)) there = dirname(there);
  const { free } = roomOf(there);
  if (bytes <= free.bytes && inodes <= free.inodes) return;
  throw new Refusal(
    `${quoted(place)} has room for ${sizeText(free.bytes)} and ${free.inodes} entries, and ${sizeText(bytes)} in ${inodes} entries come`,
    shell`df -h ${there}; df -i ${there}   (then ${job} restore with --into a folder on a larger disk, or names in it alone; of files with holes, which take less than their sizes, with ${`--${unhindered}`})`,
  );
}

/** @returns undefined for all of it @throws {Refusal} */
function namesBelow(
  { what: [path = "", ...typed], into }: RestoreRequest,
  job: string,
): string[] | undefined {
  if (typed.length === 0) return undefined;
  // In its place it would be a folder with those alone.
  if (into === undefined) {
    // A name may read like an option.
    const end = typed.some(name => name.startsWith("-")) ? ["--"] : [];
    throw new Refusal(
      "names in it come back beside their place alone: --into is missing",
      shell`${job} restore --into /root/restored ${[...end, path, ...typed]}`,
    );
  }
  return typed.map(name => {
    const below = typedPath(name);
    if (below !== undefined) return below;
    throw new Refusal(
      `${quoted(name)} is no path below ${quoted(path)}, expected e.g. "folder/file"`,
      shell`${job} list ${path}`,
    );
  });
}

interface Looked extends RsyncPass {
  /** Entries, a file with several names once. */
  readonly inodes: number;
}

/** What all of it, or names in it, come to. Generations share what is the same: of a file with several names, `bytes` has its size once. */
async function looked(
  context: Context,
  path: string,
  to: string,
  only: readonly string[] | undefined,
): Promise<Looked> {
  const { stateDir } = context.config;
  let furtherNames = 0;
  const missing = new Set(only);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const look = (filters: readonly string[]) =>
    remoteRsync(
      context,
      [
        ...[...offsiteMetadata, "--dry-run", ...filters, "--", `${remotePathOf(context.config, to)}/`],
        `${stateDir}/nothing/`,
      ],
      { cwd: "/" },
      ({ letters, path: found }) => {
        missing.delete(found.toString("latin1"));
        if (letters.startsWith("h")) furtherNames += 1;
      },
    );
  const pass = only ? await withNameFilters(stateDir, only, look) : await look([]);
  if (pass.outcome !== "complete") throw notAnswered(context, path, pass);
  const [first] = missing;
  if (first !== undefined)
    throw new Refusal(
      `${context.config.destination.name} has no ${quoted(Buffer.from(first, "latin1"))} in ${quoted(path)}`,
      shell`${context.config.job} list ${typable(first.includes("/") ? `${path}/${Buffer.from(dirname(first), "latin1").toString()}` : path)}`,
    );
  return { ...pass, inodes: pass.entries - furtherNames };
}
