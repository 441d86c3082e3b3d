import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDumpWorld, type DumpWorld } from "../test/runners/support/dump-world";
import { startMariadb } from "../test/runners/support/mariadb-server";
import { startPostgresql } from "../test/runners/support/postgresql-server";
import { median } from "./ratio";
import type { Row } from "./row";

const runs = 3;
const rows = 2_800_000;

/** Programs that pack what a client writes; "same" is what packs a pod's dump. */
const packers = {
  same: `${process.execPath} -e 'process.stdin.pipe(require("node:zlib").createGzip()).pipe(process.stdout)'`,
  gzip: "gzip -6",
  zstd: "zstd -q -3",
} as const;
type Packer = keyof typeof packers;

const kinds = [
  {
    ...{ name: "PostgreSQL", start: startPostgresql, script: "postgresql-server.sh" },
    fill: `create database shop;\n\\c shop\ncreate table orders as select n as id, md5(n::text) as reference, 'order of the customer ' || n % 1000 as note from generate_series(1, ${rows}) n`,
    database: "postgres",
    bare: ["pg_dumpall", "--no-password", "--database=postgres"],
  },
  {
    ...{ name: "MariaDB", start: startMariadb, script: "mariadb-server.sh" },
    fill: `create database shop; use shop; create table orders (id int primary key, reference text, note text);
insert into orders select seq, md5(seq), concat('order of the customer ', seq % 1000) from seq_1_to_${rows};`,
    database: "mysql",
    bare: [
      ...["mariadb-dump", "--no-defaults", "--user=backup", "--single-transaction", "--quick", "--hex-blob"],
      ...["--routines", "--events", "--triggers", "--all-databases"],
    ],
  },
] as const;

/** Dumps of whole servers, verified, named and with their manifest, against the bare client through the same compressor, in turn. */
export async function benchClusterDump(): Promise<Row[]> {
  const found: Row[] = [];
  for (const kind of kinds) found.push(...(await benchKind(kind)));
  return [...found, await benchEach()];
}

async function benchKind({
  name,
  start,
  script,
  fill,
  database,
  bare,
}: (typeof kinds)[number]): Promise<Row[]> {
  const world = await createDumpWorld("bench", start);
  try {
    await world.remount("size=1G");
    const fixed = await fixedMs(world, script, bare);
    await world.server.sql(fill, database);
    const measured: Record<"ours" | Packer, number[]> = { ours: [], same: [], gzip: [], zstd: [] };
    const bytes = { same: 0, gzip: 0, zstd: 0 };
    for (let run = 0; run < runs; run += 1) {
      for (const packer of ["same", "gzip", "zstd"] as const) {
        const file = join(world.target, packer);
        measured[packer].push(await timed(() => piped(world, bare, packers[packer], file)));
        bytes[packer] = statSync(file).size;
      }
      measured.ours.push(await timed(() => ours(world, script)));
    }
    const [our, same] = [median(measured.ours), median(measured.same)];
    const [gzip, zstd] = [median(measured.gzip), median(measured.zstd)];
    return [
      {
        name: `${name}: dump of ${rows} rows, verified, against its client through the same compressor`,
        value: `${(our / same).toFixed(2)} × (${Math.round(our)} ms to ${Math.round(same)} ms)`,
        aim: "≤ 1.15 ×",
        ok: our / same <= 1.15,
      },
      {
        name: `${name}: what a dump takes by itself, of a server with nothing in it, beyond its client's own`,
        value: `${Math.round(fixed)} ms`,
        ...{ aim: "told", ok: true },
      },
      {
        name: `${name}: the bare client through zstd -3 against gzip -6`,
        value: `${(zstd / gzip).toFixed(2)} × in time, ${(bytes.zstd / bytes.gzip).toFixed(2)} × in size`,
        ...{ aim: "told", ok: true },
      },
    ];
  } finally {
    await world.close();
  }
}

/** Ten databases, each read back, in the lanes of a client against one after the other. */
async function benchEach(): Promise<Row> {
  const world = await createDumpWorld("bench", startPostgresql);
  try {
    await world.remount("size=1G");
    const names = Array.from({ length: 10 }, (_, index) => `shop${index}`);
    for (const name of names)
      await world.server.sql(`create database ${name};\n\\c ${name}\ncreate table orders as
        select n as id, md5(n::text) as reference, 'order of the customer ' || n % 1000 as note from generate_series(1, ${rows / 10}) n`);
    const one =
      'for name; do pg_dump --format=custom "$name" >"$FOLDER/bare-$name" && pg_restore --file=/dev/null "$FOLDER/bare-$name" || exit 1; done';
    const measured: Record<"ours" | "bare", number[]> = { ours: [], bare: [] };
    for (let run = 0; run < runs; run += 1) {
      const words = [`FOLDER=${world.target}`, "bash", "-c", one, "bash", ...names];
      measured.bare.push(await timed(async () => void (await world.server.client(["env", ...words]))));
      measured.ours.push(await timed(() => ours(world, "postgresql-databases.sh")));
    }
    const [our, bare] = [median(measured.ours), median(measured.bare)];
    return {
      name: "PostgreSQL: ten databases, verified, against pg_dump and pg_restore of one after the other",
      value: `${(our / bare).toFixed(2)} × (${Math.round(our)} ms to ${Math.round(bare)} ms)`,
      ...{ aim: "< 1 ×", ok: our < bare },
    };
  } finally {
    await world.close();
  }
}

async function piped(world: DumpWorld, argv: readonly string[], packer: string, file: string): Promise<void> {
  const script = `set -o pipefail; file=$1; shift; "$@" | ${packer} >"$file"`;
  await world.server.client(["bash", "-c", script, "bash", file, ...argv]);
}

async function fixedMs(world: DumpWorld, script: string, bare: readonly string[]): Promise<number> {
  const more: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const theirs = await timed(() => piped(world, bare, packers.same, join(world.target, "same")));
    // A dump's name is its second, and the next one waits for its own.
    await sleep(1_000);
    more.push((await timed(() => ours(world, script))) - theirs);
  }
  world.reset();
  return median(more);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}

async function ours(world: DumpWorld, script: string): Promise<void> {
  const { client, runner } = await world.pod(script);
  if (client.status !== 0 || runner.status !== 0) throw new Error(`${runner.stdout}${client.stderr}`);
}
