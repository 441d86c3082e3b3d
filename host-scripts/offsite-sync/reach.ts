import { randomUUID } from "node:crypto";
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ownPrefix } from "../runtime/closed-folder";
import { writeWhole } from "../runtime/durable";
import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { diskFaultIn } from "./disk-fault";
import { fileOf, writeMemory } from "./memory";
import { type Leg, nameOfPart, type Offsite } from "./offsite";
import { askTimes, settle, writeThere } from "./on-disk";
import { oweAnew } from "./owe";
import { placeOfPart } from "./transfer";
import { type Asking, failureOf, remotePath, remoteRsync } from "./remote";

/** What a job keeps at its destination of itself. */
const farRecord = z.strictObject({ mark: z.string().min(1), token: z.string().min(1) });
export type FarRecord = z.infer<typeof farRecord>;

/**
 * Reaches the destination and proves that it is the one that earlier runs sent to, by a random mark that the first of them left: an
 * address may lead to another machine, and a NAS may have been emptied. Beside it lies a token that is new with each
 * acknowledgement: where this host remembers another one, one of the two was brought back from a backup, and all is compared.
 */
export const reach: Phase<Offsite> = {
  name: "reach",
  async run(run) {
    const { config, memory, dryRun, log } = run;
    const reached = await run.reaching?.take();
    if (reached?.connection) run.connection = reached.connection;
    const found = reached ? reached.answer : await readFar(run);
    const { name } = config.destination;
    if (memory.mark !== undefined && memory.mark !== found?.mark)
      throw new Refusal(
        `${name} (${config.destination.address}) isn't the destination that earlier runs sent to: it has ${found ? "another" : "no"} mark`,
        shell`${config.job} list   (if it is meant to be the destination from now on, all is sent to it again: rm ${fileOf(config)})`,
      );
    await askTimes(run);
    if (memory.syncs === undefined && !dryRun) await settle(run);
    if (found && [memory.token, memory.telling].includes(found.token)) {
      run.memory = { ...run.memory, token: found.token };
      if (!dryRun) await makeFolders(run);
      return;
    }
    if (found) log.warn(`${name} was left at another point than this host remembers: all is compared`);
    run.memory = { ...run.memory, mark: found?.mark ?? randomUUID(), stamps: {}, parts: {} };
    // Also a night without news tells the destination another one.
    delete run.memory.token;
    if (found) await oweAnew(run);
    if (dryRun) return;
    if (!found) await writeFar(run, { mark: run.memory.mark ?? "", token: "none" });
    await makeFolders(run);
    writeMemory(config, run.memory);
  },
};

/** Makes the folders of what was never there as a whole: rsync makes none above the one that it copies to. */
async function makeFolders(run: Offsite): Promise<void> {
  const { config, memory } = run;
  const isNew = (leg: Leg, folder?: string): boolean =>
    memory.parts[nameOfPart({ leg, folder })] === undefined;
  const folders = config.legs.flatMap(leg => [
    ...(isNew(leg) ? [placeOfPart({ leg, folder: undefined })] : []),
    ...leg.generations.flatMap(({ folder }) => (isNew(leg, folder) ? [placeOfPart({ leg, folder })] : [])),
  ]);
  if (folders.length === 0) return;
  // A daemon that keeps owners in attributes notes one for each folder that it is sent, and a random one where it is sent none.
  const how = ["--dirs", "--owner", "--group", "--perms", "--numeric-ids"];
  await putThere(
    run,
    how,
    folders.map(({ to }) => to),
    skeleton => {
      for (const { to } of folders) mkdirSync(join(skeleton, to), { recursive: true });
      for (const { from, to } of folders) asIn(from, join(skeleton, to));
    },
  );
}

/** Gives a folder the owner and mode of another one, where there is that. */
function asIn(from: string, folder: string): void {
  const stat = lstatSync(from, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return;
  chownSync(folder, stat.uid, stat.gid);
  chmodSync(folder, stat.mode & 0o7777);
}

function farName({ job, host }: Asking["config"]): string {
  return `${ownPrefix}/${host}.${job}.json`;
}

/** What the record was before it was written last: a loss of power may leave an empty one, or none, on a file system such as XFS. */
const beforeSuffix = ".before";

/** @returns undefined when nothing was sent there yet @throws {RunnerError} when it can't be reached, or the record can't be read */
export async function readFar(asking: Asking): Promise<FarRecord | undefined> {
  const name = farName(asking.config);
  const last = (await fetchText(asking, name)) ?? "";
  const text = last.replaceAll("\0", "") === "" ? await fetchText(asking, `${name}${beforeSuffix}`) : last;
  if (text === undefined) return undefined;
  const record = farRecord.safeParse(asJson(text));
  if (record.success) return record.data;
  throw new Refusal(
    `the mark of ${asking.config.destination.name} can't be read: ${JSON.stringify(text.slice(0, 80))}`,
    shell`cat ${name}   (there, below the module's folder; remove it only after a look at what else lies there)`,
  );
}

/** @returns undefined when it isn't there @throws {RunnerError} when it can't be reached */
async function fetchText(asking: Asking, name: string): Promise<string | undefined> {
  const { config } = asking;
  const file = join(config.stateDir, "far.json");
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  const pass = await remoteRsync(asking, ["--times", "--", remotePath(config, name), file], {
    cwd: config.stateDir,
  });
  if (pass.outcome === "partial" && /No such file or directory \(2\)/.test(pass.result.stderr))
    return undefined;
  // What is fetched is written here: rsync's receiver is its own.
  const fault = diskFaultIn(pass.result.stderr, "here");
  if (fault?.isThere === false)
    throw new RunnerError(exitCodes.failed, {
      failed: `${quoted(config.stateDir)} ${fault.is} the mark of ${config.destination.name}: ${firstLines(pass.result.stderr)}`,
      kept: "Nothing was sent, and nothing is forgotten.",
      next: shell`df -h ${config.stateDir}; df -i ${config.stateDir}   (${ready(fault.next)})`,
    });
  if (pass.outcome !== "complete")
    throw failureOf(asking, config.destination.name, pass, "Nothing was sent, and nothing is forgotten.");
  const text = readFileSync(file, "utf8");
  rmSync(file, { force: true });
  return text;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function writeFar(run: Offsite, record: FarRecord): Promise<void> {
  const name = farName(run.config);
  // By content: two records have one size, and may be of one second.
  const how = ["--backup", `--suffix=${beforeSuffix}`, "--checksum"];
  await putThere(run, how, [name], skeleton =>
    writeWhole(join(skeleton, name), `${JSON.stringify(record)}\n`, 0o600),
  );
}

/** Puts names of a folder that is filled for it below the module, and leaves what lies above them there as it is: its owner is the leg's. */
async function putThere(
  run: Offsite,
  how: readonly string[],
  names: readonly string[],
  fill: (skeleton: string) => void,
): Promise<void> {
  const { config } = run;
  const skeleton = join(config.stateDir, "skeleton");
  rmSync(skeleton, { recursive: true, force: true });
  mkdirSync(skeleton, { recursive: true });
  fill(skeleton);
  const pass = await writeThere(
    run,
    [
      "--relative",
      "--no-implied-dirs",
      ...how,
      "--",
      ...names.map(name => `./${name}`),
      remotePath(config, ""),
    ],
    { cwd: skeleton },
  );
  if (pass.outcome !== "complete")
    throw failureOf(
      run,
      `the record of ${config.destination.name}`,
      pass,
      "What was sent is there, and is compared again.",
    );
  rmSync(skeleton, { recursive: true, force: true });
}
