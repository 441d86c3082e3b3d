// What a dump by a shell's pipeline does with each fault, and what cluster-dump does, as a table: node cli/run.mjs bench/dump-faults.ts
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { dumpsOf } from "../cluster-scripts/cluster-dump/manifest";
import { createDumpWorld, type DumpWorld, type PodOptions } from "../test/runners/support/dump-world";
import { startPostgresql } from "../test/runners/support/postgresql-server";

interface Fault extends PodOptions {
  readonly title: string;
  /** Both are stopped then, as by their deadline. */
  readonly stopAfterMs?: number;
  readonly begin?: (world: DumpWorld) => Promise<() => Promise<unknown>>;
  /** Ends them as soon as they have written. */
  readonly killed?: true;
}

const lockWaitMs = 500;

const faults: readonly Fault[] = [
  { title: "the server is down", environment: { DATABASE_HOST: "/nowhere" } },
  {
    title: "the server refuses the password",
    environment: { PASSWORD_FILE: "/etc/hostname" },
  },
  {
    title: "the client is older than the server",
    shadow: {
      pg_dumpall: 'echo "pg_dumpall: error: aborting because of server version mismatch" >&2; exit 1',
    },
  },
  {
    title: "the client is killed at half of it",
    shadow: { pg_dumpall: 'REAL "$@" | head -c 5000; kill -KILL $$' },
  },
  {
    title: "the client says success and has written half of it",
    shadow: { pg_dumpall: 'REAL "$@" | head -c 5000; exit 0' },
  },
  {
    title: "the disk is full",
    shadow: { pg_dumpall: 'REAL "$@"; head -c 30000000 /dev/urandom' },
  },
  {
    title: "the target is read-only",
    async begin(world) {
      await world.remount("ro");
      return () => world.remount("rw");
    },
  },
  {
    title: "a table is locked for long",
    environment: { LOCK_WAIT_MS: String(lockWaitMs) },
    stopAfterMs: 20_000,
    async begin({ server }) {
      const holds = "from pg_locks where relation = 'orders'::regclass and granted";
      const locked = server
        .sql("begin; lock table orders; select pg_sleep(600)", "shop")
        .catch(() => undefined);
      while ((await server.sql(`select count(*) ${holds}`, "shop")) === "0");
      return async () => {
        await server.sql(`select pg_terminate_backend(pid) ${holds}`, "shop");
        await locked;
      };
    },
  },
  {
    title: "the pod is killed in its midst",
    // No longer than who has called it: nobody ends it, and the bench ends with its last program.
    shadow: { pg_dumpall: 'REAL "$@" | head -c 100000; while kill -0 $PPID 2>/dev/null; do sleep 1; done' },
    killed: true,
  },
  {
    title: "most rows are gone",
    shadow: { pg_dumpall: 'REAL "$@" | grep -v "order of"' },
  },
];

interface Outcome {
  readonly ends: string;
  readonly newest: string;
  readonly before: string;
}

async function main(): Promise<void> {
  const world = await createDumpWorld("postgresql-backup", startPostgresql);
  try {
    await world.server.sql("create database shop");
    await world.server.sql(
      "create table orders as select n as id, 'order of ' || n as note from generate_series(1, 30000) n",
      "shop",
    );
    console.log(
      "| fault | a pipeline ends with | and today's file is | cluster-dump ends with | and its newest good dump is |",
    );
    console.log("| --- | --- | --- | --- | --- |");
    for (const fault of faults) {
      const [usual, ours] = [await tried(world, fault, pipeline), await tried(world, fault, pod)];
      console.log(
        `| ${fault.title} | ${usual.ends} | ${usual.newest}${usual.before} | ${ours.ends} | ${ours.newest}${ours.before} |`,
      );
    }
  } finally {
    await world.close();
  }
}

type Way = (world: DumpWorld, fault: Fault) => Promise<string>;

/** With a good dump of before by the same way. */
async function tried(world: DumpWorld, fault: Fault, way: Way): Promise<Outcome> {
  world.reset();
  await way(world, { title: "none" });
  const [good] = world.files().filter(name => name.endsWith(".gz"));
  if (good === undefined) throw new Error("the dump without a fault has failed");
  const bytes = readFileSync(join(world.target, good));
  const end = await fault.begin?.(world);
  const ends = await way(world, fault);
  await end?.();
  const kept = existsSync(join(world.target, good)) && readFileSync(join(world.target, good)).equals(bytes);
  const held = new Set(
    dumpsOf(world.target).flatMap(({ manifest }) => (manifest.held ? [manifest.file] : [])),
  );
  const newest = world
    .files()
    .filter(name => name.endsWith(".gz") && !held.has(name))
    .at(-1);
  return {
    ends,
    newest:
      newest === undefined
        ? "none"
        : newest === good && kept
          ? "the one before"
          : stateOf(join(world.target, newest)),
    before: kept ? "" : ", the one before is gone",
  };
}

function stateOf(path: string): string {
  try {
    const text = gunzipSync(readFileSync(path)).toString();
    if (text === "") return "**empty**";
    if (!text.includes("-- PostgreSQL database cluster dump complete")) return "**cut**";
    return text.includes("order of") ? "whole" : "**without most rows**";
  } catch {
    return "**cut, and gzip can't read it**";
  }
}

/** Its second run on a day takes the place of the first one, as in a retry; so each has a day of its own. */
async function pipeline(world: DumpWorld, fault: Fault): Promise<string> {
  const tomorrow = fault.title === "none" ? {} : { date: "echo 9999_12_31" };
  const run = world.client("../../bench/usual-dump.sh", {
    shadow: { ...fault.shadow, ...tomorrow },
    environment: { ...fault.environment, TARGET: world.config.target },
  });
  return ended(run, fault, () => world.files().some(name => name.includes("9999")));
}

async function pod(world: DumpWorld, fault: Fault): Promise<string> {
  if (!fault.killed) return word((await world.pod("postgresql-server.sh", fault)).runner.status, fault);
  for (const name of readdirSync(world.config.exchange)) rmSync(join(world.config.exchange, name));
  const client = world.client("postgresql-server.sh", fault);
  const runner = world.runner();
  const hasWritten = () => readdirSync(world.target).some(name => name.includes("holdfast-part"));
  const ends = await ended(runner, fault, hasWritten);
  client.kill("SIGKILL");
  return ends;
}

async function ended(
  run: ReturnType<DumpWorld["runner"]>,
  fault: Fault,
  hasWritten: () => boolean,
): Promise<string> {
  const timer =
    fault.stopAfterMs === undefined ? undefined : setTimeout(() => run.kill("SIGKILL"), fault.stopAfterMs);
  if (fault.killed) {
    await run.until(hasWritten);
    run.kill("SIGKILL");
  }
  const { status, signal } = await run.finished;
  clearTimeout(timer);
  if (fault.killed) return "its death";
  if (signal) return "nothing: it waits";
  return word(status, fault);
}

function word(status: number | null, { title }: Fault): string {
  if (status !== 0) return `failure (${status})`;
  return title === "none" ? "success" : "**success**";
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
