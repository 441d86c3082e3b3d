import { mkdirSync, rmSync } from "node:fs";
import { createSqliteWorld, type SqliteWorld } from "../test/runners/support/sqlite-world";
import { median } from "./ratio";
import type { Row } from "./row";

interface Case {
  readonly name: string;
  readonly databases: number;
  /** Of each. */
  readonly rows: number;
  readonly most: number;
}

const cases: readonly Case[] = [
  { name: "one database of 150 MB", databases: 1, rows: 400_000, most: 1.3 },
  { name: "200 databases of 100 kB", databases: 200, rows: 250, most: 1.3 },
];
const runs = 5;

/**
 * The copying of a volume's databases, with search, proof and metadata, against a bare loop of `sqlite3 .backup`, in
 * turn. Its own program's start, which a nightly run has once, is timed by a volume without a database and taken off.
 */
export async function benchSqlite(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const one of cases) rows.push(await benchCase(one));
  return rows;
}

async function benchCase({ name, databases, rows, most }: Case): Promise<Row> {
  const world = await createSqliteWorld({ volumeMb: 512, backupMb: 512 });
  try {
    const startMs = await medianOf(() => ours(world));
    await makeDatabases(world, databases, rows);
    const [bareMs, ourMs]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      bareMs.push(await bare(world, databases));
      ourMs.push((await ours(world, databases)) - startMs);
    }
    const [our, their] = [median(ourMs), median(bareMs)];
    return {
      name: `SQLite copies, ${name}, against sqlite3 .backup`,
      value: `${(our / their).toFixed(2)} × (${Math.round(our)} ms to ${Math.round(their)} ms)`,
      aim: `≤ ${most} ×`,
      ok: our / their <= most,
    };
  } finally {
    await world.close();
  }
}

async function makeDatabases(world: SqliteWorld, databases: number, rows: number): Promise<void> {
  mkdirSync(`${world.outside(world.volume)}/db`);
  await world.sql(
    "db/1",
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT, c BLOB); CREATE INDEX ta ON t(a); CREATE INDEX tb ON t(b, a);",
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     INSERT INTO t SELECT i, hex(randomblob(12)), 'name ' || (i * 7919 % 1000003), randomblob(200) FROM n;`,
  );
  const copies = `cd "$1/db" && for i in $(seq 2 ${databases}); do cp 1 $i; done; sync --file-system .`;
  await world.inside("sh", "-c", copies, "sh", world.volume);
}

async function bare(world: SqliteWorld, databases: number): Promise<number> {
  const into = `${world.backup}/bare`;
  mkdirSync(`${world.outside(into)}`);
  const loop = `for i in $(seq 1 ${databases}); do sqlite3 "$1/db/$i" ".backup $2/$i"; done`;
  const startMs = performance.now();
  await world.inside("sh", "-c", loop, "sh", world.volume, into);
  const elapsedMs = performance.now() - startMs;
  await emptied(world, into);
  return elapsedMs;
}

async function ours(world: SqliteWorld, expected = 0): Promise<number> {
  const startMs = performance.now();
  const { copied, failed } = await world.copy({ into: "ours", timeoutMs: 600_000 });
  // A bare backup syncs by itself; ours are synced once, when their folder becomes visible.
  await world.inside("sync", "--file-system", world.backup);
  const elapsedMs = performance.now() - startMs;
  if (copied !== expected || failed.length > 0)
    throw new Error(`${copied} databases copied, expected ${expected}`);
  await emptied(world, `${world.backup}/ours`);
  return elapsedMs;
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) found.push(await measure());
  return median(found);
}

async function emptied(world: SqliteWorld, folder: string): Promise<void> {
  rmSync(world.outside(folder), { recursive: true });
  await world.inside("sync", "--file-system", world.backup);
}
