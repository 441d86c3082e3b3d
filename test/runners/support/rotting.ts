import { existsSync, lstatSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { catalogueFiles } from "../../../host-scripts/backup-scrub/paths";
import { readState } from "../../../host-scripts/backup-scrub/state";
import type { BackupScrubConfig } from "../../../plan/contracts/backup-scrub";
import { rotFiles } from "./rot";
import type { FinishedRun, StartedRun } from "./started-run";
import { contentOf, differences, type Snapshot, snapshot, withoutRoot } from "./tree";
import type { World } from "./world";

/** A mirror's disk that rots, the scrub that looks for it, and a model of what each scrub must see. */
export interface Rotting {
  /** Turns a bit of one of the target's files, rather of one that a scrub has read. @param which a number that picks it */
  rot(which: number): Promise<void>;
  /** One run of the scrub, and what it must have said and left. @param canMend there is room, and the source is whole */
  scrub(end: (run: StartedRun) => Promise<FinishedRun>, canMend: boolean): Promise<void>;
  /** A tree of the target as it would be without rot. */
  mended(tree: Snapshot): Snapshot;
  /** What an operator does with what rotted: the next night copies it anew. */
  throwAway(): Promise<void>;
}

/** @param without entries of the source's root that can't all be looked at */
export async function createRotting(world: World, without: readonly string[]): Promise<Rotting> {
  const { config } = world;
  const scrubConfig = configOf(world);
  const start = await world.addJob("backup-scrub", scrubConfig);
  /** Of what has rotted: the content that it had, by the one that it has. No two contents are the same. */
  const good = new Map<string, string>();
  /** What the last whole scrub has recorded, by inode, and the times that the files had: with another one a file is another. */
  let recorded = new Map<string, string>();
  let times = new Map<string, string | undefined>();
  /** A scrub that was cut short has read some of the files, and the next one goes on behind them. */
  let wasCut = false;
  /**
   * By unit whose list that one has left: what there was when it was made. The next one goes on with the list, and leaves what came since,
   * or got another name, to the one after it.
   */
  const listed = new Map<string, ReadonlySet<string>>();

  const look = async (): Promise<Snapshot> =>
    withoutRoot(
      await snapshot(world, config.target.path, { without: [".holdfast", ...config.keep, ...without] }),
    );
  /** A number is used again; the birth tells one file from the next. */
  const inodeOf = (path: string): string => {
    const { ino, birthtimeNs } = lstatSync(join(world.target, path), { bigint: true });
    return `${ino} ${birthtimeNs}`;
  };
  const identityOf = (path: string, entry: string): string => `${inodeOf(path)} ${timeOf(entry)} ${path}`;
  const unitsUnderWay = (): Set<string> => {
    const state = readState(scrubConfig.stateDir);
    const units = Object.entries(typeof state === "object" ? state.units : {}).filter(
      ([name, { passMs }]) => passMs !== undefined && existsSync(catalogueFiles(scrubConfig, name).list),
    );
    return new Set(units.map(([name]) => name));
  };
  const rottenIn = (tree: Snapshot): { path: string; bad: string; was: string }[] =>
    [...tree].flatMap(([path, entry]) => {
      const bad = contentOf(entry);
      const was = bad === undefined ? undefined : good.get(bad);
      return bad === undefined || was === undefined ? [] : [{ path, bad, was }];
    });
  const mended = (tree: Snapshot): Snapshot =>
    new Map(
      [...tree].map(([path, entry]) => {
        const content = contentOf(entry) ?? "";
        return [path, entry.replace(`content ${content}`, `content ${good.get(content) ?? content}`)];
      }),
    );

  return {
    mended,
    async rot(which) {
      const files = [...(await look())].flatMap(([path, entry]) => {
        const content = contentOf(entry);
        return content === undefined || good.has(content) || entry.includes(" size 0 ")
          ? []
          : [{ path, content, inode: inodeOf(path) }];
      });
      const read = files.filter(({ inode, content }) => recorded.get(inode) === content);
      const among = read.length > 0 ? read : files;
      const file = among[which % among.length];
      if (!file) return;
      const { bsize } = statfsSync(world.target);
      await world.inside("umount", config.target.path);
      await rotFiles(join(world.folder, "dst.img"), [Number(file.inode.split(" ")[0])], {
        blockBytes: bsize,
      });
      await world.mount("dst");
      good.set(contentOf((await look()).get(file.path) ?? "") ?? "", file.content);
    },
    async scrub(end, canMend) {
      const before = await look();
      const had = new Set([...before].map(([path, entry]) => identityOf(path, entry)));
      const rotten = rottenIn(before);
      const isKnown = ({ path, was }: { path: string; was: string }): boolean => {
        const inode = inodeOf(path);
        return !wasCut && recorded.get(inode) === was && times.get(inode) === timeOf(before.get(path) ?? "");
      };
      const [seen, unsure] = [rotten.filter(isKnown), rotten.filter(one => !isKnown(one))];
      const finished = await end(start());
      const said = `${finished.stdout}${finished.stderr}`;
      if (finished.signal !== null) await start(["--report-end"], { INVOCATION_ID: "killed" }).finished;
      const after = await look();
      const isCut = finished.signal !== null || finished.status === 143;
      // Cut between a name and its folder's time, it leaves that to the next one.
      const compared = (tree: Snapshot): Snapshot =>
        isCut || wasCut ? withoutFolderTimes(mended(tree)) : mended(tree);
      expect({ said, differs: differences(compared(before), compared(after)) }).toEqual({
        said,
        differs: [],
      });
      const underWay = unitsUnderWay();
      const goneOnWith = new Map(listed);
      for (const unit of listed.keys()) if (!underWay.has(unit)) listed.delete(unit);
      for (const unit of underWay) if (!listed.has(unit)) listed.set(unit, had);
      wasCut = isCut;
      if (wasCut) return;
      if (unsure.length === 0)
        expect({ said, status: finished.status }).toMatchObject({ status: seen.length === 0 ? 0 : 1 });
      for (const { bad } of seen) {
        const names = seen.filter(one => one.bad === bad).map(({ path }) => path);
        if (!names.some(name => said.includes(`"${name}"`)))
          throw new Error(`none of ${names.join(", ")} is named:\n${said}`);
      }
      const source = canMend
        ? await snapshot(world, config.source.path, { without })
        : new Map<string, string>();
      const left = seen.filter(({ path, bad, was }) => {
        const entry = source.get(path) ?? "";
        const isSource = contentOf(entry) === was && timeOf(entry) === timeOf(before.get(path) ?? "");
        return isSource && contentOf(after.get(path) ?? "") === bad;
      });
      expect({ said, left }).toEqual({ said, left: [] });
      // What had rotted before it was read for the first time is recorded as it was then.
      const told = new Set(
        rottenIn(after).flatMap(({ path, was }) => (said.includes(`"${path}"`) ? was : [])),
      );
      const [formerly, formerTimes] = [recorded, times];
      times = new Map([...after].map(([path, entry]) => [inodeOf(path), timeOf(entry)]));
      recorded = new Map(
        [...after].flatMap(([path, entry]) => {
          const content = contentOf(entry);
          if (content === undefined) return [];
          const was = good.get(content);
          const inode = inodeOf(path);
          const isSameTime = formerTimes.get(inode) === timeOf(entry);
          const isSame = formerly.get(inode) === was && isSameTime;
          const identity = identityOf(path, entry);
          const list = goneOnWith.get(path.split("/", 1)[0] ?? "");
          // What this one has mended is on record, and of what isn't where it was listed, what was.
          const isRead = !list || list.has(identity) || !had.has(identity);
          if (!isRead && !(formerly.has(inode) && isSameTime)) return [];
          return [[inode, was !== undefined && (told.has(was) || isSame) ? was : content]];
        }),
      );
    },
    async throwAway() {
      for (const { path } of rottenIn(await look())) rmSync(join(world.target, path));
    },
  };
}

const withoutFolderTimes = (tree: Snapshot): Snapshot =>
  new Map(
    [...tree].map(([path, entry]) => [
      path,
      entry.startsWith("mode 4") ? entry.replace(/mtime \d+/, "") : entry,
    ]),
  );

const timeOf = (entry: string): string | undefined => /mtime (\d+)/.exec(entry)?.[1];

function configOf({ config, folder }: World): BackupScrubConfig {
  const { host, target, pushgateway } = config;
  return {
    // It has the time for all of it, also beside whatever else this machine does.
    ...{ job: "backup-scrub", host, target, budgetMs: 600_000, pushgateway },
    // Shorter than any run: each one reads all of the disk.
    periodMs: 1,
    generations: [],
    sources: [config.source.path],
    accepted: [],
    writers: [join(config.stateDir, "run.lock")],
    stateDir: join(folder, "scrub-state"),
    textfile: join(folder, "textfile", "backup-scrub.prom"),
  };
}
