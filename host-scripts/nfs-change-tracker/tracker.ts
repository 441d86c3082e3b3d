import { closeSync, constants, openSync } from "node:fs";
import type { NfsChangeTrackerConfig } from "../../plan/contracts/nfs-change-tracker";
import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { lastNumber } from "../runtime/journal";
import { forgetWatched, noteWatched } from "../runtime/journal-watched";
import type { Log } from "../runtime/log";
import { type Mounts, verifyMounts } from "../runtime/mounts";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { Asked } from "./asked";
import { handOver } from "./hand-over";
import { Pending } from "./pending";
import { Recent } from "./recent";
import { startWatcher, type Change } from "./watcher";

/** A folder that is watched, with all below it on its file system. */
interface Root {
  readonly watch: NfsChangeTrackerConfig["watches"][number];
  /** Entries of it of which somebody reads what changes, byte by byte as latin1; all unless given. */
  readonly only: ReadonlySet<string> | undefined;
  /** Entries of it of which nobody does. */
  readonly without: ReadonlySet<string>;
  readonly pending: Pending;
  /** The last number that its journal has given. */
  handedOver: number;
}

/** What it has counted. */
export interface Counted {
  readonly events: Recent;
  readonly overflows: Recent;
  readonly reconciles: Recent;
  lastEventMs: number | undefined;
  /** Process of the program that watches. */
  watcherPid: number;
}

/**
 * Watches, until it is stopped or can't go on. What it hears is a hint, and is kept in memory until the next proof; what it may have missed
 * is handed over as a subtree, all of it when it starts: so nothing is lost by an end, however that comes, and whoever
 * reads a journal that nobody has proven of late compares all.
 */
export class Tracker {
  readonly counted: Counted = {
    events: new Recent(),
    overflows: new Recent(),
    reconciles: new Recent(),
    ...{ lastEventMs: undefined, watcherPid: 0 },
  };
  private readonly roots: readonly Root[];
  /** Those of which the proof that is asked for hasn't come back yet. */
  private readonly unheard = new Set<number>();
  private onHeard: () => void = () => undefined;
  private reconciledMs = 0;

  constructor(
    private readonly config: NfsChangeTrackerConfig,
    private readonly log: Log,
  ) {
    this.roots = config.watches.map(watch => ({
      watch,
      only: watch.only && new Set(watch.only.map(latin1Of)),
      without: new Set(watch.without?.map(latin1Of)),
      pending: new Pending(config.mostNames),
      handedOver: 0,
    }));
  }

  /**
   * Ends when it is stopped, with all that it was told handed over.
   * @param proven is called after each proof, of which the first says that all is watched
   * @throws {RunnerError} when it can't go on
   */
  async run(stop: AbortSignal, proven: () => Promise<void>): Promise<void> {
    const stopped = new Promise<void>(resolve => {
      if (stop.aborted) resolve();
      stop.addEventListener("abort", () => resolve());
    });
    await this.verify(stop);
    const paths = this.roots.map(({ watch }) => watch.root);
    const asked = new Asked(this.roots.map(({ watch }) => watch.journal));
    const watcher = startWatcher(paths, told => this.take(told));
    this.counted.watcherPid = watcher.pid;
    const pause = (ms: number, sooner?: Promise<void>): Promise<void> =>
      within(ms, [stopped, watcher.fails, ...(sooner ? [sooner] : [])]);
    try {
      // What changed before isn't known. It is handed over once the first proof has come back, when all is watched.
      this.reconcileAll();
      await this.prove(stop, pause);
      if (!stop.aborted) {
        watcher.notify("READY=1");
        this.log.info(`watches ${paths.map(path => quoted(path)).join(", ")}`);
        await proven();
      }
      while (!stop.aborted) {
        await pause(this.config.proveMs, asked.next());
        if (stop.aborted) break;
        asked.answer();
        await this.verify(stop);
        if (performance.now() - this.reconciledMs >= this.config.reconcileMs) this.reconcileAll();
        await this.prove(stop, pause);
        watcher.notify("WATCHDOG=1");
        await proven();
      }
      for (const { watch, pending } of this.roots) handOver(watch.journal, pending.take());
    } finally {
      asked.close();
      watcher.close();
      for (const { watch } of this.roots) forgetWatched(watch.journal);
    }
  }

  /** Each root lies on the file system that is meant, as long as the host has that mounted. */
  private async verify(stop: AbortSignal): Promise<void> {
    const needed = new Map(this.roots.map(({ watch }) => [watch.mount.path, watch.mount]));
    const mounts = await verifyMounts(
      [...needed.values()].map(mount => ({ ...mount, role: "watched", access: "watch" })),
      stop,
    );
    for (const { watch } of this.roots) refuseMountedOver(watch, mounts);
  }

  private take({ root: number, kind, path }: Change): void {
    const root = this.roots[number];
    if (!root) return;
    if (kind === "heard") {
      this.unheard.delete(number);
      if (this.unheard.size === 0) this.onHeard();
      return;
    }
    const isMine = isWanted(root, path.split("/", 1)[0] ?? "");
    if ((kind === "path" || kind === "subtree") && !isMine) return;
    this.counted.events.add();
    this.counted.lastEventMs = Date.now();
    // By a name that nobody reads, a file may have changed that somebody does.
    if (kind === "path" || (kind === "linked" && isMine)) root.pending.addPath(path);
    else this.reconcile(root, kind === "subtree" ? path : ".");
    if (kind !== "overflow") return;
    if (this.counted.overflows.sum() === 0)
      this.log.warn(
        `more changed in ${quoted(root.watch.root)} than the kernel keeps to tell: all of it is handed over to be compared   (sysctl fs.fanotify.max_queued_events)`,
      );
    this.counted.overflows.add();
  }

  private reconcileAll(): void {
    this.reconciledMs = performance.now();
    for (const root of this.roots) this.reconcile(root, ".");
  }

  private reconcile({ pending }: Root, subtree: string): void {
    pending.addSubtree(subtree);
    this.counted.reconciles.add();
  }

  /**
   * Proves that it hears: it opens each root, and the kernel tells of that behind all that changed before. Then what was told is
   * handed over, and the journal says until when that is all.
   * @throws {RunnerError} when it hears nothing for as long as a proof may take
   */
  private async prove(
    stop: AbortSignal,
    pause: (ms: number, sooner?: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const [throughMs, beganMs] = [Date.now(), performance.now()];
    for (const number of this.roots.keys()) this.unheard.add(number);
    while (this.unheard.size > 0) {
      if (stop.aborted) return;
      if (performance.now() - beganMs > this.config.budgetMs) throw this.deaf();
      const heard = new Promise<void>(resolve => (this.onHeard = resolve));
      // Again and again: of what comes while the kernel has too much to tell, it tells nothing.
      for (const number of this.unheard) open(this.roots[number]?.watch.root ?? "");
      await pause(1_000, heard);
    }
    for (const root of this.roots) {
      const { watch, pending } = root;
      // Somebody has put back what it was earlier: what was handed over since is not in there.
      if (lastNumber(watch.journal) < root.handedOver) this.reconcile(root, ".");
      handOver(watch.journal, pending.take());
      root.handedOver = lastNumber(watch.journal);
      noteWatched(watch.journal, throughMs, watch);
    }
  }

  private deaf(): RunnerError {
    const roots = [...this.unheard].map(number => quoted(this.roots[number]?.watch.root ?? ""));
    return new RunnerError(exitCodes.failed, {
      failed: `nothing is heard of ${roots.join(", ")}: it was opened, and nobody told of that within ${this.config.budgetMs / 1000} s`,
      kept: "It is started anew, and all is handed over to be compared then.",
      next: shell`findmnt --target ${this.roots[0]?.watch.root ?? ""}; journalctl -n 50 -u ${this.config.job}`,
    });
  }
}

/** What is mounted on a root, or above it, hides it: that would be watched in its place. @throws {Refusal} */
function refuseMountedOver({ root, mount }: Root["watch"], mounts: Mounts): void {
  const over = mounts.findLast(
    ({ target }) => target !== mount.path && isIn(target, mount.path) && isIn(root, target),
  );
  if (over && over.uuid !== mount.fsUuid)
    throw new Refusal(
      `another file system (${over.uuid ?? over.fstype}) is mounted over ${quoted(root)}, at ${quoted(over.target)}`,
      shell`findmnt --submounts ${mount.path}; umount ${over.target}   (or name it as a file system of the host, and pulumi up)`,
    );
}

function isIn(path: string, folder: string): boolean {
  return folder === "/" || `${path}/`.startsWith(`${folder}/`);
}

function isWanted({ only, without }: Root, entry: string): boolean {
  return only?.has(entry) !== false && !without.has(entry);
}

function latin1Of(name: string): string {
  return Buffer.from(name).toString("latin1");
}

/** Waits for some time, or for the first of others. @throws what those throw */
async function within(ms: number, others: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>(resolve => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([time, ...others]);
  } finally {
    clearTimeout(timer);
  }
}

function open(root: string): void {
  closeSync(openSync(root, constants.O_RDONLY | constants.O_DIRECTORY));
}
