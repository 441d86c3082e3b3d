import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { neverSent, offsiteMetadata, remotePath, remoteShell } from "../host-scripts/offsite-sync/remote";
import { runnerOf } from "../stacks/runner";
import { long } from "../test/long";
import { makeDiskImage } from "../test/runners/support/disk-image";
import { createOffsiteWorld, type OffsiteWorld } from "../test/runners/support/offsite-world";
import { median } from "./ratio";
import type { Row } from "./row";

const volume = { kilobytes: 64, runs: 3, most: 1.1 } as const;
/** A start of Node, with none of it in memory, is a third of what the small one takes, and little of what a volume does. */
const sizes = [2_000, 16_000] as const;
/** Seconds that one file of many may take. */
const oneFile = { files: long ? 500_000 : 50_000, seconds: 5 } as const;
const generation = "pvc-data/2026-21/shop/data";

/**
 * A volume from its generation, and from the destination over a real sshd of this machine, each against bare rsync of the same way, and
 * against that and a second one which compares all by content, as a restore does before it says that all is back; and one file of many.
 */
export async function benchRestore(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const files of sizes)
    rows.push(
      ...(await onShelf(files, async shelf => [
        ...(await fromGeneration(shelf)),
        ...(await fromDestination(shelf)),
      ])),
    );
  return [...rows, ...(await onShelf(1, async shelf => [await benchOneFile(shelf)]))];
}

async function onShelf(files: number, bench: (shelf: Shelf) => Promise<Row[]>): Promise<Row[]> {
  const world = await createOffsiteWorld(2_048, 2_048);
  try {
    return await bench(await prepare(world, files));
  } finally {
    await world.close();
  }
}

/** What is restored, and into where. */
interface Shelf {
  readonly world: OffsiteWorld;
  readonly files: number;
  readonly from: string;
  readonly into: string;
  /** Another disk's folder, in which `into` is. */
  readonly disk: string;
  /** daily-backup with its config. */
  readonly daily: readonly string[];
}

async function prepare(world: OffsiteWorld, files: number): Promise<Shelf> {
  const { folder, config } = world;
  world.writeConfig({ legs: config.legs.slice(0, 1), predecessors: [] });
  put(world, files, randomBytes(volume.kilobytes * 1024));
  const { status, stderr } = await world.start(["--json"]).finished;
  if (status !== 0) throw new Error(stderr);
  const disk = join(folder, "scratch");
  mkdirSync(disk);
  await makeDiskImage(join(folder, "scratch.img"), 2_048, ["-N", String(oneFile.files + 10_000)]);
  await world.inside("mount", "-o", "loop,nosuid,nodev", join(folder, "scratch.img"), disk);
  const [leg] = config.legs;
  const file = join(folder, "daily-backup.json");
  writeFileSync(
    file,
    JSON.stringify({
      ...{ job: "daily-backup", host: "pve", budgetMs: 3_600_000, zone: "UTC", target: leg?.mount },
      ...{ stateDir: join(folder, "daily-state"), textfile: join(folder, "daily.prom") },
      ...{ pushgateway: config.pushgateway, credentialsDir: join(folder, "none") },
      volumesTextfile: join(folder, "volumes.prom"),
    }),
  );
  const daily = [process.execPath, (await runnerOf("daily-backup")).path, "--config", file];
  return { world, files, from: join(folder, "backup", generation), into: join(disk, "back"), disk, daily };
}

/** A hundred files a folder. */
function put(world: OffsiteWorld, files: number, content: Buffer | string): void {
  const root = join(world.backup, generation);
  for (let index = 0; index < files; index += 1) {
    const folder = join(root, String(Math.floor(index / 100)));
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, String(index)), content);
  }
}

const bareMetadata = ["-aHAXS", "--numeric-ids"] as const;

function fromGeneration(shelf: Shelf): Promise<Row[]> {
  const { world, from, into, daily } = shelf;
  return rowsOf(shelf, "from its generation", {
    ours: () => world.inside(daily[0] ?? "", ...daily.slice(1), "restore", "shop/data", "--into", into),
    bare: more => world.inside("rsync", ...bareMetadata, ...more, `${from}/`, `${into}/`),
  });
}

function fromDestination(shelf: Shelf): Promise<Row[]> {
  const { world, from, into } = shelf;
  const far = `${remotePath(world.config, `pve-backup/${generation}`)}/`;
  return rowsOf(shelf, "from the destination", {
    async ours() {
      const { status, stderr } = await world.start(["restore", from, "--into", into]).finished;
      if (status !== 0) throw new Error(stderr);
    },
    bare: more =>
      world.inside(
        "rsync",
        ...[...offsiteMetadata, ...neverSent, ...more, "--recursive", "-e", remoteShell(world.config)],
        ...["--", far, `${into}/`],
      ),
  });
}

interface Ways {
  ours(): Promise<unknown>;
  bare(more: readonly string[]): Promise<unknown>;
}

async function rowsOf(shelf: Shelf, how: string, { ours, bare }: Ways): Promise<Row[]> {
  const took: Record<"ours" | "bare" | "compared", number[]> = { ours: [], bare: [], compared: [] };
  for (let run = 0; run < volume.runs; run += 1) {
    took.ours.push(await emptiedFirst(shelf, ours));
    const copyMs = await emptiedFirst(shelf, () => bare([]));
    took.bare.push(copyMs);
    took.compared.push(copyMs + (await timed(() => bare(["--dry-run", "--checksum"]))));
  }
  const name = `restore of ${shelf.files.toLocaleString("en")} files of ${volume.kilobytes} kB ${how}`;
  return [
    atMost(`${name}, against bare rsync`, median(took.ours), median(took.bare)),
    atMost(
      `${name}, against bare rsync that compares all afterwards`,
      median(took.ours),
      median(took.compared),
    ),
  ];
}

function atMost(name: string, ours: number, theirs: number): Row {
  const value = ours / theirs;
  return {
    name,
    value: `${value.toFixed(2)} × (${Math.round(ours)} ms to ${Math.round(theirs)} ms)`,
    aim: `≤ ${volume.most} ×`,
    ok: value <= volume.most,
  };
}

async function benchOneFile(shelf: Shelf): Promise<Row> {
  const { world, into, daily } = shelf;
  rmSync(join(world.backup, "pvc-data"), { recursive: true });
  put(world, oneFile.files, "content of a file");
  const last = `${Math.floor((oneFile.files - 1) / 100)}/${oneFile.files - 1}`;
  const tookMs = await emptiedFirst(shelf, () =>
    world.inside(daily[0] ?? "", ...daily.slice(1), "restore", "shop/data", last, "--into", into),
  );
  return {
    name: `restore of one file of ${oneFile.files.toLocaleString("en")} of a generation`,
    value: `${(tookMs / 1000).toFixed(1)} s`,
    aim: `≤ ${oneFile.seconds} s`,
    ok: tookMs <= oneFile.seconds * 1000,
  };
}

/** Into nothing, with nothing of either side in memory, and with all of it on the disk at the end. */
async function emptiedFirst({ world, into, disk }: Shelf, work: () => Promise<unknown>): Promise<number> {
  await world.inside("sh", "-c", `rm -rf ${into}; sync; echo 3 >/proc/sys/vm/drop_caches`);
  return timed(async () => {
    await work();
    await world.inside("sync", "-f", disk);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
