import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { trackerOf } from "../test/runners/support/tracker";
import { createWorld, type World } from "../test/runners/support/world";
import { median } from "./ratio";
import type { Row } from "./row";

interface Size {
  readonly files: number;
  readonly runs: number;
  /** Ratio that is aimed at. */
  readonly most: number;
}

const sizes: readonly Size[] = [
  { files: 50_000, runs: 7, most: 1.15 },
  { files: 500_000, runs: 5, most: 1.05 },
];
const mostMegabytes = 100;

const usualNight = { files: 500_000, changed: 1_000, runs: 3, most: 1.15 } as const;

/** The bundled runner on a night without a change, against the same rsync called bare, in turn; and the runner's own memory. */
export async function benchNfsMirror(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) rows.push(...(await benchSize(size)));
  return [...rows, await benchUsualNight(usualNight), await benchNamedNight(namedNight)];
}

const namedNight = { files: 500_000, changed: 1_000, runs: 3, least: 10 } as const;

/** The same night by what the tracker has named, against the runner's own comparison of all. */
async function benchNamedNight({ files, changed, runs, least }: typeof namedNight): Promise<Row> {
  const megabytes = Math.ceil(files / 45);
  const world = await createWorld({ sourceMb: megabytes, targetMb: megabytes });
  const tracker = await trackerOf(world);
  try {
    makeFiles(world.source, files);
    world.writeConfig({ budgetMs: 3_600_000, changes: tracker.changes });
    await tracker.start();
    await mirrored(world);
    const [all, named]: [number[], number[]] = [[], []];
    const nextNight = async (): Promise<void> => {
      for (let index = 0; index < files; index += files / changed)
        appendFileSync(fileAt(world.source, index), "more");
      await world.inside("sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches");
    };
    for (let run = 0; run < runs; run += 1) {
      await nextNight();
      named.push((await mirrored(world)).elapsedMs);
      await nextNight();
      rmSync(join(world.config.stateDir, "changes.json"));
      all.push((await mirrored(world)).elapsedMs);
    }
    const [namedMs, allMs] = [median(named), median(all)];
    return {
      name: `nfs-mirror, ${changed.toLocaleString("en")} changed of ${files.toLocaleString("en")} files by what was noted, both sides cold, against a comparison of all`,
      value: `${(allMs / namedMs).toFixed(1)} × faster (${Math.round(namedMs)} ms to ${Math.round(allMs)} ms)`,
      aim: `≥ ${least} × faster`,
      ok: allMs >= least * namedMs,
    };
  } finally {
    await tracker.end("SIGTERM");
    await world.close();
  }
}

/** A night with a few changes all over the tree, with nothing of both sides in memory. */
async function benchUsualNight({ files, changed, runs, most }: typeof usualNight): Promise<Row> {
  const megabytes = Math.ceil(files / 45);
  const world = await createWorld({ sourceMb: megabytes, targetMb: megabytes });
  try {
    makeFiles(world.source, files);
    world.writeConfig({ budgetMs: 3_600_000 });
    await mirrored(world);
    const [bare, runner]: [number[], number[]] = [[], []];
    const nextNight = async (): Promise<void> => {
      for (let index = 0; index < files; index += files / changed)
        appendFileSync(fileAt(world.source, index), "more");
      await world.inside("sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches");
    };
    for (let run = 0; run < runs; run += 1) {
      await nextNight();
      bare.push(await bareRsync(world));
      await nextNight();
      runner.push((await mirrored(world)).elapsedMs);
    }
    const [runnerMs, bareMs] = [median(runner), median(bare)];
    const value = runnerMs / bareMs;
    return {
      name: `nfs-mirror, ${changed.toLocaleString("en")} changed of ${files.toLocaleString("en")} files, both sides cold, against bare rsync`,
      value: `${value.toFixed(2)} × (${Math.round(runnerMs)} ms to ${Math.round(bareMs)} ms)`,
      aim: `≤ ${most} ×`,
      ok: value <= most,
    };
  } finally {
    await world.close();
  }
}

async function benchSize({ files, runs, most }: Size): Promise<Row[]> {
  const megabytes = Math.ceil(files / 45);
  const world = await createWorld({ sourceMb: megabytes, targetMb: megabytes });
  try {
    makeFiles(world.source, files);
    world.writeConfig({ budgetMs: 3_600_000 });
    await mirrored(world);
    const [bare, runner, memory]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < runs; run += 1) {
      bare.push(await bareRsync(world));
      const { elapsedMs, peakKb } = await mirrored(world);
      runner.push(elapsedMs);
      memory.push(peakKb);
    }
    const [runnerMs, bareMs] = [median(runner), median(bare)];
    const value = runnerMs / bareMs;
    const peakMb = Math.max(...memory) / 1024;
    const name = `nfs-mirror, ${files.toLocaleString("en")} unchanged files`;
    return [
      {
        name: `${name}, against bare rsync`,
        value: `${value.toFixed(2)} × (${Math.round(runnerMs)} ms to ${Math.round(bareMs)} ms)`,
        aim: `≤ ${most} ×`,
        ok: value <= most,
      },
      {
        name: `${name}, peak memory of the runner itself`,
        value: `${peakMb.toFixed(0)} MB`,
        aim: `≤ ${mostMegabytes} MB`,
        ok: peakMb <= mostMegabytes,
      },
    ];
  } finally {
    await world.close();
  }
}

/** A hundred small files a folder, a hundred folders a service. */
function makeFiles(root: string, files: number): void {
  for (let index = 0; index < files; index += 1) {
    const file = fileAt(root, index);
    if (index % 100 === 0) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `content of file ${index}`);
  }
}

function fileAt(root: string, index: number): string {
  const folder = join(`service-${Math.floor(index / 10_000)}`, `folder-${Math.floor(index / 100)}`);
  return join(root, folder, `file-${index}`);
}

/** The runner's own scan, called bare: same rsync, same options. */
async function bareRsync({ config, inside }: World): Promise<number> {
  const start = performance.now();
  const exclude = ["lost+found", ".holdfast*", ...config.excludes, ...config.keep].map(
    name => `--exclude=/${name}`,
  );
  const [source, target] = [`${config.source.path}/`, `${config.target.path}/`];
  await inside(
    "rsync",
    "-aHAXXS",
    "--numeric-ids",
    "--modify-window=-1",
    "--delete",
    ...exclude,
    source,
    target,
  );
  return performance.now() - start;
}

async function mirrored(world: World): Promise<{ elapsedMs: number; peakKb: number }> {
  const start = performance.now();
  const run = world.start(["--json"]);
  let peakKb = 0;
  const watch = setInterval(() => (peakKb = Math.max(peakKb, peakOf(run.pid))), 20);
  const { status, stdout, stderr } = await run.finished;
  clearInterval(watch);
  if (status !== 0) throw new Error(`the runner ended with ${status}: ${stdout}${stderr}`);
  return { elapsedMs: performance.now() - start, peakKb };
}

/** Largest resident size so far, in kB; the kernel's own figure, so that a late look misses little. */
function peakOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmHWM:\s+(\d+) kB$/m)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
