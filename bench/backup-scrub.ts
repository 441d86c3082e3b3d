import { createScrubWorld, type ScrubWorld } from "../test/runners/support/scrub-world";
import { median } from "./ratio";
import type { Row } from "./row";

interface Case {
  readonly name: string;
  readonly files: number;
  readonly kilobytes: number;
  readonly most: number;
}

const cases: readonly Case[] = [
  { name: "20,000 files of 8 kB", files: 20_000, kilobytes: 8, most: 2 },
  { name: "20 files of 32 MB", files: 20, kilobytes: 32_768, most: 1.3 },
];
const runs = 5;

/** A whole scrub, listing and catalogue included, against `sha256sum --check` of a list that is there; both cold and behind everybody else, in turn. */
export async function benchBackupScrub(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const one of cases) rows.push(await benchCase(one));
  return rows;
}

async function benchCase({ name, files, kilobytes, most }: Case): Promise<Row> {
  const world = await createScrubWorld(1_024);
  try {
    await fill(world, files, kilobytes);
    await scrub(world);
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      theirs.push(await timed(world, () => bare(world)));
      ours.push(await timed(world, () => scrub(world)));
    }
    const [our, their] = [median(ours), median(theirs)];
    return {
      name: `backup-scrub, ${name}, against sha256sum --check`,
      value: `${(our / their).toFixed(2)} × (${Math.round(our)} ms to ${Math.round(their)} ms)`,
      aim: `≤ ${most} ×`,
      ok: our / their <= most,
    };
  } finally {
    await world.close();
  }
}

async function fill({ inside, config, folder }: ScrubWorld, files: number, kilobytes: number): Promise<void> {
  const script = `
mkdir "$1/service" && cd "$1/service"
head -c ${files * kilobytes * 1024} /dev/urandom | split --bytes ${kilobytes}K --suffix-length 6 --additional-suffix .bin - f
find . -type f -print0 | xargs -0 sha256sum >"$2/sums"`;
  await inside("sh", "-ec", script, "sh", config.target.path, folder);
}

async function timed(world: ScrubWorld, work: () => Promise<void>): Promise<number> {
  // Unmounted and mounted: nothing of the disk is in memory.
  await world.rot();
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function bare({ inside, config, folder }: ScrubWorld): Promise<void> {
  const script = 'cd "$1/service" && exec ionice --class idle nice -n 19 sha256sum --check --quiet "$2/sums"';
  await inside("sh", "-c", script, "sh", config.target.path, folder);
}

async function scrub(world: ScrubWorld): Promise<void> {
  const { status, stdout } = await world.start().finished;
  if (status !== 0) throw new Error(`the scrub ended with ${status}: ${stdout}`);
}
