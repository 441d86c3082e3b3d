import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { debianPackages } from "../../../lab/debian";
import { sandboxLines } from "../../../plan/systemd-sandbox";
import { makeDiskImage } from "./disk-image";
import { type MountNamespace, mountNamespace } from "./namespace";
import { startRunner, type StartedRun } from "./started-run";

/** Of Debian: sqlite3 with what it loads, and the tools for attributes. */
export const sqlitePackages = ["sqlite3", "libsqlite3-0", "libreadline8", "libtinfo6", "attr", "acl"];

/** A mount table of its own, in which any user finds Debian's sqlite3. */
export interface SqliteNamespace {
  readonly namespace: MountNamespace;
  /** Where sqlite3 itself is. */
  readonly tools: string;
  /** For env(1). */
  readonly environment: readonly string[];
  /** Program that takes another one's place; `REAL` in its text is the real one's path. */
  shadow(program: string, script: string): void;
}

/** @param folder the shadows are in, and whose path any user may go */
export async function sqliteNamespace(folder: string): Promise<SqliteNamespace> {
  const [namespace, packed] = await Promise.all([
    mountNamespace(),
    debianPackages("sqlite3", sqlitePackages),
  ]);
  const [tools, bin] = ["tools", "bin"].map(name => join(folder, name)) as [string, string];
  chmodSync(folder, 0o755);
  for (const made of [tools, bin]) mkdirSync(made);
  // The cache they are in is root's, and so closed to who parses.
  await namespace.run("mount", "--bind", packed, tools);
  const programs = [bin, join(tools, "usr/bin"), join(tools, "bin"), process.env["PATH"]];
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(path => join(tools, path));
  return {
    ...{ namespace, tools },
    environment: [`PATH=${programs.join(":")}`, `LD_LIBRARY_PATH=${libraries.join(":")}`],
    shadow(name, script) {
      const text = `#!/bin/sh\n${script.replaceAll("REAL", join(tools, "usr/bin", name))}\n`;
      writeFileSync(join(bin, name), text, { mode: 0o755 });
    },
  };
}

/** What the unit of a run leaves it of root's rights, for setpriv(1). */
function rightsOfUnit(): string[] {
  const lines = sandboxLines(
    { reads: ["/"], writes: [], files: "all", volumes: "mounted", parses: true },
    [],
  );
  const [, kept = ""] = /^CapabilityBoundingSet=(.*)$/m.exec(lines.join("\n")) ?? [];
  const names = kept.split(" ").map(name => `+${name.replace("CAP_", "").toLowerCase()}`);
  return [`--bounding-set=${["-all", ...names].join(",")}`, "--no-new-privs"];
}

const bundles = new Map<string, Uint8Array>();

/** Makes a program of one file; bundles it once for all tests of a file. */
export async function bundleProgram(text: string, file: string): Promise<void> {
  const bundle = bundles.get(text) ?? (await bundleOf(text));
  bundles.set(text, bundle);
  writeFileSync(file, bundle);
}

async function bundleOf(text: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: process.cwd(), loader: "ts" },
    ...{ bundle: true, platform: "node", target: "node18", write: false, logLevel: "silent" },
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

export interface Copies {
  readonly copied: number;
  readonly linked: number;
  readonly bytes: number;
  /** Paths as latin1. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

export interface CopyRequest {
  /** Folder below the backup disk. */
  readonly into: string;
  readonly previous?: string;
  /** As latin1. */
  readonly changed?: readonly string[];
  readonly timeoutMs?: number;
}

/** A volume and a backup disk, both ext4, with Debian's sqlite3, and the copying as a program of its own. */
export interface SqliteWorld {
  /** Mount points where commands run. */
  readonly volume: string;
  readonly backup: string;
  outside(path: string): string;
  inside(program: string, ...args: string[]): Promise<string>;
  /** Command line that runs something where the volume is mounted, with the environment that goes with it. */
  command(...argv: string[]): readonly [string, string[]];
  /** Runs statements on a database of the volume. */
  sql(path: string, ...statements: string[]): Promise<string>;
  start(request: CopyRequest): StartedRun;
  copy(request: CopyRequest): Promise<Copies>;
  shadow(program: string, script: string): void;
  close(): Promise<void>;
}

const program = `
import { copyDatabases } from "./host-scripts/daily-backup/sqlite";
import { createLog } from "./host-scripts/runtime/log";
import { Stop } from "./host-scripts/runtime/stop";
import { mkdirSync } from "node:fs";
const asked = JSON.parse(process.argv[2]);
const log = createLog("test", { json: true, progress: false });
const stop = new Stop("test", log);
stop.listen();
mkdirSync(asked.into, { recursive: true });
copyDatabases({
  ...asked,
  changed: asked.changed && asked.changed.map(path => Buffer.from(path, "latin1")),
  stop: stop.signal,
  log,
}).then(
  done => console.log(JSON.stringify({ ...done, failed: done.failed.map(({ path, reason }) => ({ path: path.toString("latin1"), reason })) })),
  error => { console.error(stop.stopped ? "stopped" : error); process.exitCode = 1; },
);
`;

export async function createSqliteWorld(
  sizes: { backupMb?: number; volumeMb?: number } = {},
): Promise<SqliteWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-sqlite-"));
  const { namespace, environment, shadow } = await sqliteNamespace(folder);
  const bundle = join(folder, "copy.cjs");
  await bundleProgram(program, bundle);
  // Under a name of its own: a test may take the host's away.
  const asUnit = join(folder, "as-unit");
  copyFileSync("/usr/bin/setpriv", asUnit);
  for (const [disk, megabytes] of [
    ["volume", sizes.volumeMb ?? 128],
    ["backup", sizes.backupMb ?? 128],
  ] as const) {
    mkdirSync(join(folder, disk));
    await makeDiskImage(join(folder, `${disk}.img`), megabytes, ["-m", "0"]);
    await namespace.run("mount", "-o", "loop", join(folder, `${disk}.img`), join(folder, disk));
  }
  const command = (...argv: string[]): readonly [string, string[]] => {
    const [enter = "", ...rest] = namespace.inside(["env", ...environment, ...argv]);
    return [enter, rest];
  };
  const [volume, backup] = [join(folder, "volume"), join(folder, "backup")];
  const world: SqliteWorld = {
    ...{ volume, backup, command, shadow, outside: namespace.outside },
    inside: (name, ...args) => namespace.run("env", ...environment, name, ...args),
    sql: (path, ...statements) =>
      world.inside("sqlite3", "-batch", "-bail", join(volume, path), ...statements),
    start({ into, previous, changed, timeoutMs = 30_000 }) {
      const asked = {
        ...{ root: volume, into: join(backup, into), timeoutMs },
        ...(previous === undefined ? {} : { previous: join(backup, previous) }),
        ...(changed === undefined ? {} : { changed }),
      };
      const run = [process.execPath, bundle, JSON.stringify(asked)];
      const [enter, rest] = command(asUnit, ...rightsOfUnit(), "--", ...run);
      return startRunner([enter, ...rest], process.env, folder);
    },
    async copy(request) {
      const { status, stdout, stderr } = await world.start(request).finished;
      if (status !== 0) throw new Error(`ended with ${status}: ${stderr}`);
      return JSON.parse(stdout) as Copies;
    },
    async close() {
      await namespace.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}
