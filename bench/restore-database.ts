import { join } from "node:path";
import { createDumpWorld, type DumpWorld } from "../test/runners/support/dump-world";
import { startPostgresql } from "../test/runners/support/postgresql-server";
import { median } from "./ratio";
import type { Row } from "./row";

const runs = 3;
const tables = 4;
const rows = 175_000;

/** A database from its dump, made whole and counted, against bare pg_restore of an archive that lies beside it, in turn. */
export async function benchRestoreDatabase(): Promise<Row[]> {
  const world = await createDumpWorld("bench", startPostgresql);
  try {
    await world.remount("size=1G");
    await world.server.sql("create database shop");
    for (let index = 0; index < tables; index += 1)
      await world.server.sql(
        `create table orders${index} as select n as id, md5(n::text) as reference, 'order of the customer ' || n % 1000 as note
           from generate_series(1, ${rows}) n;
         alter table orders${index} add primary key (id); create index on orders${index} (reference)`,
        "shop",
      );
    await ended(world.pod("postgresql-databases.sh"));
    const archive = join(world.target, "archive");
    await world.server.client(["pg_dump", "--format=custom", `--file=${archive}`, "shop"]);
    const measured: Record<"ours" | "jobs" | "one", number[]> = { ours: [], jobs: [], one: [] };
    for (let run = 0; run < runs; run += 1) {
      measured.ours.push(
        await fromNothing(world, () => ended(world.ask("postgresql-restore.sh", "restore shop"))),
      );
      measured.jobs.push(await fromNothing(world, () => bare(world, archive, ["--jobs=2"])));
      measured.one.push(await fromNothing(world, () => bare(world, archive, [])));
    }
    const ours = median(measured.ours);
    const row = (name: string, theirs: number): Row => ({
      name: `PostgreSQL: restore of ${tables} tables of ${rows} rows, compared, against ${name}`,
      value: `${(ours / theirs).toFixed(2)} × (${Math.round(ours)} ms to ${Math.round(theirs)} ms)`,
      aim: "≤ 1.1 ×",
      ok: ours / theirs <= 1.1,
    });
    return [row("pg_restore -j 2", median(measured.jobs)), row("pg_restore", median(measured.one))];
  } finally {
    await world.close();
  }
}

async function bare(world: DumpWorld, archive: string, more: readonly string[]): Promise<void> {
  const words = ["--create", "--exit-on-error", "--dbname=template1", ...more, archive];
  await world.server.client(["pg_restore", ...words]);
}

async function fromNothing(world: DumpWorld, restore: () => Promise<void>): Promise<number> {
  await world.server.sql("drop database shop with (force)");
  await world.server.sql("checkpoint");
  const startMs = performance.now();
  await restore();
  return performance.now() - startMs;
}

async function ended(pod: ReturnType<DumpWorld["pod"]>): Promise<void> {
  const { client, runner } = await pod;
  if (client.status !== 0 || runner.status !== 0) throw new Error(`${runner.stdout}${client.stderr}`);
}
