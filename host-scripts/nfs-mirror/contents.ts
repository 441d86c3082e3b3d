import { acceptCommand } from "../runtime/arguments";
import { withPathList } from "../runtime/path-list";
import { notedName, shortened } from "../runtime/quoted";
import { required } from "../runtime/required";
import { rsync, type RsyncPass, wholeMetadata } from "../runtime/rsync";
import { shell } from "../runtime/shell";
import { belowFoldersOf, inTree, statIn } from "../runtime/tree-path";
import { isMostlyRewritten } from "./collapse";
import { frozenIn } from "./held";
import { copyAllAroundHoles } from "./holes";
import { acceptedIn } from "./lacking";
import { copyNames, withOtherNames } from "./links";
import { isMadeAnew } from "./made-anew";
import { isMeant, type Mirror, serviceOf } from "./mirror";
import { writeSuspects } from "./memory";
import type { Work } from "./work";

/** Shares of a run's budget, and of what is left of it, that this may take: it hardly ever finds anything. */
const [mostOfBudget, mostOfRest] = [1 / 4, 1 / 2];
/** So much is compared before the time is asked for. */
const [batchFiles, batchBytes] = [1000, 1024 ** 3];

/** What a comparison has found of the names that it was asked for. */
interface Compared {
  readonly different: readonly string[];
  /** There was no time for these, or they can't be read. */
  readonly waiting: readonly string[];
  /** A pass that didn't do all that it was asked for. */
  readonly failed: RsyncPass | undefined;
}

/**
 * Compares by content what may have changed behind its size and time, and copies what has. What there is no time for waits for
 * the next run.
 */
export async function compareSuspects(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const { config, log, notes } = mirror;
  const known = required(mirror.suspects, "suspect");
  if (known.pending.length === 0) return undefined;
  const [isFrozen, isBelowFolders] = [frozenIn(mirror), belowFoldersOf(config.source.path)];
  const frozen = known.pending.filter(isFrozen);
  const asked = known.pending.filter(name => !isFrozen(name) && isBelowFolders(name));
  const compared = await compareAll(mirror, work, asked);
  const { different, waiting, failed } = compared;
  const isTaken = takenOf(mirror, compared);
  const [taken, kept] = [different.filter(isTaken), different.filter(name => !isTaken(name))];
  const copied = taken.length === 0 ? undefined : await copyDifferent(mirror, work, taken);
  const left = copied && copied.outcome !== "complete" ? taken : [];
  const pending = [...frozen, ...waiting, ...kept, ...left];
  writeSuspects(config, { ...known, pending });
  if (asked.length > 0)
    log.info(
      `${asked.length - waiting.length} files were compared that may have changed behind their size and time, ${different.length} have`,
    );
  const [first] = taken;
  if (first !== undefined)
    notes.push(
      `${taken.length} files had changed behind the same size and time, and are copied: ${shortened(notedName(first))}${taken.length > 1 ? ", …" : ""}`,
    );
  if (waiting.length > 0)
    notes.push(
      `${waiting.length} files that may have changed behind their size and time wait to be compared`,
    );
  return failed ?? copied;
}

/** The smallest first: one that takes a night keeps no other waiting. */
async function compareAll(mirror: Mirror, work: Work, names: readonly string[]): Promise<Compared> {
  const { config, startedAt, stop } = mirror;
  const restMs = config.budgetMs - (Date.now() - startedAt.getTime());
  const forMs = Math.min(config.budgetMs * mostOfBudget, restMs * mostOfRest);
  const endMs = performance.now() + forMs;
  const batches = batchesOf(mirror, names);
  const [different, waiting]: [string[], string[]] = [[], []];
  let failed: RsyncPass | undefined;
  for (const [index, batch] of batches.entries()) {
    const pass = performance.now() < endMs ? await compare(mirror, work, batch, endMs) : undefined;
    stop.check("copy");
    if (!pass || pass.result.ended === "timed-out") {
      if (index === 0 && batch.length === 1) batch.forEach(name => holdTooLong(mirror, name, forMs));
      waiting.push(...batches.slice(index).flat());
      break;
    }
    const { outcome, lacked } = pass;
    different.push(...pass.different);
    if (outcome === "complete" || outcome === "vanished") continue;
    failed ??= pass;
    const unread = new Set(lacked.entries.map(({ path }) => path.toString("latin1")));
    const isKnown = outcome === "partial" && lacked.unnamed.length === 0;
    waiting.push(...batch.filter(name => !isKnown || unread.has(name)));
  }
  return { different, waiting, failed };
}

function batchesOf({ config }: Mirror, names: readonly string[]): string[][] {
  const sized = names.map(name => ({ name, bytes: Number(statIn(config.source.path, name)?.size ?? 0) }));
  const batches: string[][] = [];
  let sum = Infinity;
  for (const { name, bytes } of sized.sort((one, other) => one.bytes - other.bytes)) {
    sum += bytes;
    const last = batches.at(-1);
    if (last && last.length < batchFiles && sum <= batchBytes) last.push(name);
    else {
      batches.push([name]);
      sum = bytes;
    }
  }
  return batches;
}

/** Reads both sides. A file with large holes is copied by what it holds: to compare it, each byte of them would be read. */
async function compare(
  mirror: Mirror,
  work: Work,
  batch: readonly string[],
  endMs: number,
): Promise<RsyncPass & { readonly different: readonly string[] }> {
  const { config, stop, lock } = mirror;
  const leftMs = (): number => Math.max(1, endMs - performance.now());
  const { rest: names } = await copyAllAroundHoles(mirror, work, batch, leftMs);
  const different: string[] = [];
  const pass = await withPathList(config.stateDir, names, list =>
    rsync(
      [
        ...[...wholeMetadata, "--checksum", "--dry-run", "--ignore-missing-args"],
        ...[...list, "--", "./", `${config.target.path}/`],
      ],
      {
        ...{
          cwd: config.source.path,
          timeoutMs: leftMs(),
          stop: stop.signal,
          acceptedOf: acceptedIn(config),
        },
        inherit: [required(lock, "lock").fd],
      },
      ({ letters, path }) => {
        if (letters.startsWith(">f")) different.push(path.toString("latin1"));
      },
    ),
  );
  return { ...pass, different };
}

/** Hard links of a file are only linked together by what gets all of its names. */
async function copyDifferent(mirror: Mirror, work: Work, names: readonly string[]): Promise<RsyncPass> {
  return copyNames(mirror, work, await withOtherNames(mirror, names), [
    "--ignore-times",
    "--ignore-missing-args",
  ]);
}

/**
 * Keeps a service of which so much differs that somebody may have encrypted it, and set sizes and times back. As long as some of
 * it isn't compared, that counts as different.
 */
function takenOf(mirror: Mirror, { different, waiting }: Compared): (name: string) => boolean {
  const { config, held, log } = mirror;
  const taken = new Map<string, boolean>();
  const countIn = (names: readonly string[], service: string): number =>
    names.filter(name => serviceOf(name) === service).length;
  for (const service of new Set(different.map(serviceOf))) {
    const isMeantSo = mirror.accepted.has(".") || isMeant(mirror, service) || isMadeAnew(config, service);
    const count = countIn(different, service);
    if (!isMeantSo && isMostlyRewritten(config, service, count)) {
      const reason = `the source has other content in ${count} of its files, behind the same sizes and times: overwritten or encrypted by somebody?`;
      const next = acceptCommand(config.job, Buffer.from(service, "latin1"));
      held.push({ path: service, reason, next, isFrozen: true });
      log.warn(`${shortened(notedName(service))} keeps what it has at the target: ${reason}`);
    }
    taken.set(service, isMeantSo || !isMostlyRewritten(config, service, count + countIn(waiting, service)));
  }
  return name => taken.get(serviceOf(name)) === true;
}

/** Who touches it has it copied as a whole by the next run. */
function holdTooLong({ config, held }: Mirror, name: string, forMs: number): void {
  held.push({
    path: name,
    reason: `it may have changed behind its size and time, and ${Math.ceil(forMs / 60_000)} minutes aren't enough to compare it`,
    next: shell`touch -c -- ${inTree(config.source.path, name)}   (or a longer budget for ${config.job} in the estate)`,
  });
}
