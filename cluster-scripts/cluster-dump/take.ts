import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { PassThrough, type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip, createGzip } from "node:zlib";
import { type DumpForm, traitsOf } from "../../plan/contracts/dump-forms";
import { syncFolder } from "../../host-scripts/runtime/durable";
import { errnoOf, messageOf } from "../../host-scripts/runtime/errors";
import type { ClusterDump } from "./cluster-dump";
import { type Content, judgeOf } from "./content";
import { type Client, gone, type Offer } from "./exchange";
import { folderOf } from "./folder";
import { hold, judgeSize } from "./held";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import { writeManifest } from "./manifest";
import { give, writePipe } from "./pipe";

/** Why a dump isn't kept as a good one. */
class DumpFailed extends Error {}

/** What a file's name begins with until its dump is known to be good. */
export const partPrefix = ".holdfast-part-";

/**
 * Takes a dump from the client, verifies it, and gives it its name.
 * @throws {DumpFailed} when there is no good one; what there was before is as it was
 */
export async function takeDump(
  run: ClusterDump,
  client: Client,
  { number, name }: Offer,
  form: DumpForm,
  former = false,
): Promise<Manifest> {
  const folder = folderOf(run.config, name);
  let part: string | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { startedAt, file } = await nameIn(folder, form);
    part = join(folder, `${partPrefix}${file}`);
    const stream = await store(run, client, number, form, part);
    const written = await sumOf(part, run.stop.signal);
    if (written.sha256 !== stream.sha256)
      throw new DumpFailed(
        `what the target has of it isn't what was written (${written.bytes} of ${stream.bytes} bytes)`,
      );
    const content = stream.content ?? (await readBack(run, client, number, form, part));
    if (!content.isWhole) throw new DumpFailed("its last line isn't there: it was cut");
    const made: Manifest = {
      ...{ job: run.config.job, database: name, form, file },
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      ...written,
      contentBytes: traitsOf(form).text === "counts" ? stream.contentBytes : content.bytes,
      server: await serverOf(client),
      tables: { ...content.tables },
      ...(former && { former }),
    };
    const strange = former ? undefined : judgeSize(run, folder, made);
    if (strange !== undefined) throw new DumpFailed(hold(run, folder, part, made, strange));
    writeManifest(folder, made);
    renameSync(part, join(folder, file));
    syncFolder(folder);
    return made;
  } catch (error) {
    if (part !== undefined) rmSync(part, { force: true });
    run.stop.check("receive");
    throw asDumpFailed(error);
  }
}

/** A name of its own, also for two dumps of one second: by hand, while the CronJob's begins. */
async function nameIn(folder: string, form: DumpForm): Promise<{ startedAt: Date; file: string }> {
  for (;;) {
    const startedAt = new Date();
    const file = `dump_${stamp(startedAt)}.${traitsOf(form).ending}`;
    if (!existsSync(join(folder, file))) return { startedAt, file };
    await sleep(1000 - startedAt.getMilliseconds());
  }
}

/** "2026-11-28T00-15-00Z": in UTC, sorts by age, and fit for any file system. */
function stamp(date: Date): string {
  return date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
}

interface Stored {
  readonly bytes: number;
  readonly sha256: string;
  /** What the client wrote. */
  readonly contentBytes: number;
  /** Of a text, as it went by. */
  readonly content: Content | undefined;
}

async function store(
  run: ClusterDump,
  client: Client,
  number: string,
  form: DumpForm,
  part: string,
): Promise<Stored> {
  if ((await client.first(`${number}.data`)) === undefined) throw new DumpFailed(gone);
  const { gzip, judged } = traitsOf(form);
  // Of what the client reads back, what it makes of that is judged.
  const judge = judged === "passing" ? judgeOf(form) : undefined;
  const hash = createHash("sha256");
  let bytes = 0;
  let contentBytes = 0;
  await pipeline(
    client.read(`${number}.data`, `${number}.exit`),
    passing(chunk => {
      contentBytes += chunk.length;
      judge?.add(chunk);
    }),
    gzip ? createGzip() : new PassThrough(),
    passing(chunk => {
      bytes += chunk.length;
      hash.update(chunk);
      run.log.progress(`receive: ${bytes} bytes`);
    }),
    // Opened before anything is awaited: a stream that is given up first would make the file after it was removed.
    createWriteStream(part, { fd: openSync(part, "wx", 0o600) }),
    { signal: run.stop.signal },
  );
  // Its end says nothing: so ends a pipe too when the program that filled it was killed.
  const exit = (await client.first(`${number}.exit`)) && client.text(`${number}.exit`);
  if (exit === undefined) throw new DumpFailed(gone);
  if (exit !== "0")
    throw new DumpFailed(
      `its program ended with ${exit}: ${client.errors(`${number}.errors`) || "it said nothing"}`,
    );
  const fd = openSync(part, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { bytes, sha256: hash.digest("hex"), contentBytes, content: judge?.end() };
}

/** Reads what is on the target: an archive is whole when the program that restores it can read it to its end. */
async function readBack(
  run: ClusterDump,
  client: Client,
  number: string,
  form: DumpForm,
  part: string,
): Promise<Content> {
  if ((await client.first(`${number}.plain`)) === undefined) throw new DumpFailed(gone);
  const judge = judgeOf(form);
  const plain = client.read(`${number}.plain`, `${number}.back-exit`);
  const read = pipeline(
    plain,
    async source => {
      for await (const chunk of source) judge.add(chunk as Buffer);
    },
    { signal: run.stop.signal },
  );
  // Until it is waited for, its end may come first: by a stop, or with the client.
  read.catch(() => undefined);
  const back = await writePipe(client.path(`${number}.back`), () => client.isThere);
  if (!back) throw new DumpFailed(gone);
  const ended = client.first(`${number}.back-exit`);
  await give(contentOf(part, form), back, ended, run.stop.signal);
  await read;
  const exit = (await ended) && client.text(`${number}.back-exit`);
  if (exit === undefined) throw new DumpFailed(gone);
  if (exit !== "0")
    throw new DumpFailed(
      `it can't be read back: ${client.errors(`${number}.back-errors`) || `exit code ${exit}`}`,
    );
  return judge.end();
}

/** What the client had written, of a dump as it lies on the target. */
export function contentOf(path: string, form: DumpForm): Readable {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  if (!traitsOf(form).gzip) return file;
  const plain = createGunzip();
  file.on("error", error => plain.destroy(error));
  return file.pipe(plain);
}

export async function sumOf(path: string, signal: AbortSignal): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    async source => {
      for await (const chunk of source) hash.update(chunk as Buffer);
    },
    { signal },
  );
  return { bytes: statSync(path).size, sha256: hash.digest("hex") };
}

/** Shows each chunk to somebody as it goes by. */
function passing(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}

async function serverOf(client: Client): Promise<string> {
  return (await client.first("server")) === undefined ? "" : client.text("server").trim();
}

function asDumpFailed(error: unknown): DumpFailed {
  if (error instanceof DumpFailed) return error;
  return new DumpFailed(
    ["ENOSPC", "EDQUOT"].includes(errnoOf(error) ?? "")
      ? `the target has no room for it (${messageOf(error)})`
      : messageOf(error),
    { cause: error },
  );
}
