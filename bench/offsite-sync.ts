import { appendFileSync, linkSync, mkdirSync, openSync, closeSync, writeSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { neverSent, offsiteMetadata, remotePath, remoteShell } from "../host-scripts/offsite-sync/remote";
import { openSegment } from "../host-scripts/runtime/journal";
import { long } from "../test/long";
import { syncingModule } from "../test/runners/support/far";
import { createOffsiteWorld, type OffsiteWorld } from "../test/runners/support/offsite-world";
import { median } from "./ratio";
import type { Row } from "./row";

/** By HOLDFAST_LONG=1 a night of half a million files, and a file of a gigabyte: some minutes, and 11 GB of room at either end. */
const night = {
  files: long ? 500_000 : 50_000,
  ...{ changed: 1_000, runs: 3, mostOfList: 1.2, leastOfScan: 10 },
} as const;
const wire = { files: 200, kilobytes: 256, most: 1.05 } as const;
const generations = { files: 2_000, kilobytes: 16, most: 1.05 } as const;
const edited = { megabytes: long ? 1_024 : 256, percent: 1, most: 1.2 } as const;
const scrubbed = { files: 32, megabytes: 16, runs: 3, least: 0.8 } as const;
/** Seconds that a night without a change may take. */
const idleSeconds = 5;

/** The bundled runner over a real sshd of this machine, against rsync called bare with the same options over ssh to the same account. */
export async function benchOffsiteSync(): Promise<Row[]> {
  return [...(await benchNight()), ...(await benchBytes()), await benchScrub()];
}

/** Some changed of many files, by their names, both ends cold, against the same list and against a look at all. */
async function benchNight(): Promise<Row[]> {
  const { files, changed, runs, mostOfList, leastOfScan } = night;
  const world = await worldOf(Math.ceil(files / 45));
  try {
    for (let index = 0; index < files; index += 1) put(world, nameOf(index), `content of file ${index}`);
    await sent(world);
    const [ours, list, scan, idle]: [number[], number[], number[], number[]] = [[], [], [], []];
    const change = async (): Promise<string[]> => {
      const names: string[] = [];
      for (let index = 0; index < files; index += files / changed) names.push(nameOf(index));
      for (const name of names) appendFileSync(join(world.backup, name), "more");
      await cold(world);
      return names;
    };
    for (let run = 0; run < runs; run += 1) {
      const names = await change();
      list.push(await timed(() => bare(world, names)));
      hand(world, await change());
      ours.push(await timed(() => sent(world)));
      await change();
      scan.push(await timed(() => bare(world)));
      await cold(world);
      idle.push(await timed(() => sent(world)));
    }
    const [our, their, all, nothing] = [median(ours), median(list), median(scan), median(idle)];
    const what = `offsite-sync, ${changed.toLocaleString("en")} changed of ${files.toLocaleString("en")} files, both ends cold`;
    return [
      atMost(`${what}, against bare rsync --files-from`, our, their, mostOfList),
      {
        name: `${what}, against a scan by bare rsync`,
        value: `${(all / our).toFixed(1)} × faster (${Math.round(our)} ms to ${Math.round(all)} ms)`,
        aim: `≥ ${leastOfScan} × faster`,
        ok: all >= leastOfScan * our,
      },
      {
        name: `offsite-sync, a night without a change of ${files.toLocaleString("en")} files, both ends cold`,
        value: `${(nothing / 1000).toFixed(1)} s`,
        aim: `≤ ${idleSeconds} s`,
        ok: nothing <= idleSeconds * 1000,
      },
    ];
  } finally {
    await world.close();
  }
}

/** What crosses, and what lies there, by rsync's own count and by the destination's file system. */
async function benchBytes(): Promise<Row[]> {
  // It holds the edited one twice while it is sent.
  const world = await worldOf(8 * edited.megabytes);
  try {
    put(world, "first", "x");
    const large = join(world.backup, "large");
    const megabyte = 1024 * 1024;
    writeFileSync(large, "");
    for (let at = 0; at < edited.megabytes; at += 1) appendFileSync(large, randomBytes(megabyte));
    hand(world, ["large"]);
    await sent(world);
    const edit = Math.round((edited.megabytes * megabyte * edited.percent) / 100);
    const file = openSync(large, "r+");
    writeSync(file, randomBytes(edit), 0, edit, 100 * megabyte);
    closeSync(file);
    hand(world, ["large"]);
    const ofEdit = (await sent(world)).wireBytes;

    const names = Array.from({ length: wire.files }, (_, index) => `new/${index}`);
    for (const name of names) put(world, name, randomBytes(wire.kilobytes * 1024));
    hand(world, names);
    const ofNew = (await sent(world)).wireBytes;

    const before = await usedThere(world);
    await generation(world, 1);
    const one = (await usedThere(world)) - before;
    for (const period of [2, 3, 4]) await generation(world, period);
    const four = (await usedThere(world)) - before;
    return [
      atMost(
        `offsite-sync, a file of ${edited.megabytes} MiB with ${edited.percent} % edited, bytes on the wire against the edit`,
        ...([ofEdit, edit, edited.most, "bytes"] as const),
      ),
      atMost(
        `offsite-sync, ${wire.files} new files of ${wire.kilobytes} KiB, bytes on the wire against theirs`,
        ...([ofNew, wire.files * wire.kilobytes * 1024, wire.most, "bytes"] as const),
      ),
      atMost("offsite-sync, four equal generations there against one", four, one, generations.most, "bytes"),
    ];
  } finally {
    await world.close();
  }
}

/** A generation with the same files as the one before it, as links to them. */
async function generation(world: OffsiteWorld, period: number): Promise<void> {
  const folder = `pvc-data/2026-${String(period).padStart(2, "0")}`;
  for (let index = 0; index < generations.files; index += 1) {
    const name = `${folder}/${nameOf(index)}`;
    if (period === 1) put(world, name, randomBytes(generations.kilobytes * 1024));
    else {
      const path = join(world.backup, name);
      if (index % 100 === 0) mkdirSync(dirname(path), { recursive: true });
      linkSync(path.replace(/2026-\d\d/, "2026-01"), path);
    }
  }
  hand(world, [folder]);
  await sent(world);
}

/** A comparison of both ends by content, against a checksum of the same bytes at one of them; both behind everybody else. */
async function benchScrub(): Promise<Row> {
  const world = await worldOf(2_048);
  try {
    for (let index = 0; index < scrubbed.files; index += 1)
      put(world, `large/${index}`, randomBytes(scrubbed.megabytes * 1024 * 1024));
    await sent(world);
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let run = 0; run < scrubbed.runs; run += 1) {
      await cold(world);
      theirs.push(
        await timed(() =>
          world.inside("sh", "-c", `exec sha256sum ${join(world.folder, "backup/large")}/* >/dev/null`),
        ),
      );
      await cold(world);
      ours.push(
        await timed(async () => {
          const { status, stderr } = await world.start(["verify", join(world.folder, "backup"), "--json"])
            .finished;
          if (status !== 0) throw new Error(stderr);
        }),
      );
    }
    const [our, their] = [median(ours), median(theirs)];
    return {
      name: `offsite-sync verify, ${scrubbed.files} files of ${scrubbed.megabytes} MiB at both ends, by MD5, pace against sha256sum of one`,
      value: `${(their / our).toFixed(2)} × (${Math.round(our)} ms to ${Math.round(their)} ms)`,
      aim: `≥ ${scrubbed.least} ×`,
      ok: their >= scrubbed.least * our,
    };
  } finally {
    await world.close();
  }
}

/** One leg alone, whose journal names what changes, and of which a night compares the least by content. */
async function worldOf(megabytes: number): Promise<OffsiteWorld> {
  const world = await createOffsiteWorld(megabytes, megabytes);
  // As the layer's page has it.
  world.far.configureModule(...syncingModule(world.far.tree));
  world.writeConfig({
    legs: world.config.legs.slice(0, 1),
    predecessors: [],
    ...{ fullPass: "2099-01-01 UTC", scrub: { periodMs: 3_650 * 86_400_000 }, budgetMs: 3_600_000 },
  });
  return world;
}

function put(world: OffsiteWorld, name: string, content: string | Buffer): void {
  const path = join(world.backup, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A hundred files a folder. */
function nameOf(index: number): string {
  return join(`folder-${Math.floor(index / 100)}`, `file-${index}`);
}

function hand(world: OffsiteWorld, names: readonly string[]): void {
  const segment = openSegment(world.journal, "paths");
  for (const name of names) segment.add(Buffer.from(name));
  segment.promote();
}

async function cold(world: OffsiteWorld): Promise<void> {
  await world.inside("sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches");
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function sent(world: OffsiteWorld): Promise<{ wireBytes: number }> {
  const { status, stdout, stderr } = await world.start(["--json"]).finished;
  if (status !== 0) throw new Error(`the run ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as { wireBytes: number };
}

/** The same rsync with the same options, of some names or of all. */
async function bare(world: OffsiteWorld, names?: readonly string[]): Promise<void> {
  const { config, folder } = world;
  const list = join(folder, "names");
  if (names) writeFileSync(list, names.join("\n"));
  const only = names ? [`--files-from=${list}`] : ["--recursive"];
  await world.inside(
    "rsync",
    ...[...offsiteMetadata, ...neverSent, ...only, "-e", remoteShell(config), "--"],
    ...[`${join(folder, "backup")}/`, `${remotePath(config, "pve-backup")}/`],
  );
}

async function usedThere({ far }: OffsiteWorld): Promise<number> {
  await far.inside("sync", "-f", far.tree);
  return Number((await far.inside("df", "--output=used", "-B1", far.tree)).split("\n").at(-1));
}

function atMost(name: string, ours: number, theirs: number, most: number, unit = "ms"): Row {
  const value = ours / theirs;
  return {
    name,
    value: `${value.toFixed(2)} × (${Math.round(ours)} to ${Math.round(theirs)} ${unit})`,
    aim: `≤ ${most} ×`,
    ok: value <= most,
  };
}
