import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { acknowledge, readDebt } from "../host-scripts/runtime/journal-consumer";
import { trackerOf } from "../test/runners/support/tracker";
import { createWorld } from "../test/runners/support/world";
import type { Row } from "./row";

const usual = { perSecond: 1_000, seconds: 30 } as const;
const storm = { perSecond: 10_000, seconds: 60 } as const;
/** Of one processor, at the usual pace. */
const mostPercent = 10;
const mostMegabytes = 200;
const filesOfFolder = 1_000;

/** What it costs to hear of new files at a steady pace, and whether each of them is in the journal. */
export async function benchChangeTracker(): Promise<Row[]> {
  const files = usual.perSecond * usual.seconds + storm.perSecond * storm.seconds;
  const world = await createWorld({ sourceMb: Math.ceil(files / 45) });
  const tracker = await trackerOf(world);
  try {
    for (let folder = 0; folder <= files / filesOfFolder; folder += 1)
      mkdirSync(join(world.source, `folder-${folder}`));
    const { pid } = await tracker.start();
    const { journal } = tracker.changes;
    const [watcher = 0] = childrenOf(pid);
    let stamp = acknowledge(journal, "bench", readDebt(journal, "bench", undefined));
    let made = 0;
    const load = async ({ perSecond, seconds }: typeof usual | typeof storm) => {
      const [first, startMs, startCpuMs] = [made, performance.now(), cpuMs(pid) + cpuMs(watcher)];
      while (made - first < perSecond * seconds) {
        const due = Math.min(seconds, (performance.now() - startMs) / 1000) * perSecond;
        for (; made - first < due; made += 1) writeFileSync(join(world.source, nameOf(made)), "");
        await sleep(5);
      }
      const tookMs = performance.now() - startMs;
      await tracker.settled();
      const debt = readDebt(journal, "bench", stamp);
      stamp = acknowledge(journal, "bench", debt);
      const isTold = (name: string): boolean =>
        debt.paths.has(name) || debt.subtrees.has(name) || debt.subtrees.has(folderOf(name));
      let lost = 0;
      for (let index = first; index < made; index += 1) if (!isTold(nameOf(index))) lost += 1;
      return {
        perSecond: Math.round(((made - first) / tookMs) * 1000),
        cpuPercent: ((cpuMs(pid) + cpuMs(watcher) - startCpuMs) / tookMs) * 100,
        // What was lost is handed over as all of the tree: then nothing is forgotten, and a night compares all.
        lost: debt.whole === undefined ? lost : made - first,
      };
    };
    const [calm, full] = [await load(usual), await load(storm)];
    const megabytes = (peakBytes(pid) + peakBytes(watcher)) / 1024 ** 2;
    const pace = (perSecond: number): string => `${perSecond.toLocaleString("en")} new files a second`;
    return [
      {
        name: `nfs-change-tracker, ${pace(usual.perSecond)}, processor time of both its programs`,
        value: `${calm.cpuPercent.toFixed(1)} % of one, at ${calm.perSecond.toLocaleString("en")} a second`,
        aim: `≤ ${mostPercent} %`,
        ok: calm.cpuPercent <= mostPercent && calm.lost === 0,
      },
      {
        name: `nfs-change-tracker, ${pace(storm.perSecond)} for ${storm.seconds} s, those that it told nobody by name`,
        value: `${full.lost} (${full.perSecond.toLocaleString("en")} a second, ${full.cpuPercent.toFixed(0)} % of a processor)`,
        aim: `0, at ${storm.perSecond.toLocaleString("en")} a second`,
        // A machine that can't make as many has shown less.
        ok: full.lost === 0 && full.perSecond >= 0.95 * storm.perSecond,
      },
      {
        name: "nfs-change-tracker, most memory of both its programs in that time",
        value: `${megabytes.toFixed(0)} MiB`,
        aim: `≤ ${mostMegabytes} MiB`,
        ok: megabytes <= mostMegabytes,
      },
    ];
  } finally {
    await tracker.end("SIGTERM");
    await world.close();
  }
}

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf("/"));

function nameOf(index: number): string {
  return `folder-${Math.floor(index / filesOfFolder)}/file-${index}`;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .map(Number)
    .filter(child => readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith("perl\0"));
}

/** Of a process so far: proc(5), in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}
