import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import { periodOf } from "../../plan/contracts/period";
import { acceptCommand } from "../runtime/arguments";
import { writeDurably } from "../runtime/durable";
import { asRunnerError } from "../runtime/entry";
import { errnoOf, type RunnerError } from "../runtime/errors";
import {
  discard,
  type FreshGeneration,
  freshGeneration,
  type Generation,
  isLaterPeriod,
  newestGeneration,
  promote,
} from "../runtime/generations";
import type { JobRun } from "../runtime/job-run";
import type { Phase } from "../runtime/phases";
import { quoted, shortened } from "../runtime/quoted";
import { required } from "../runtime/required";
import { listedBefore, rsync, wholeMetadata } from "../runtime/rsync";
import { ready, shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { configurationCollapse, type Part } from "./configuration-collapse";
import { gatherFacts } from "./configuration-facts";
import {
  keepApart,
  lackingFailure,
  type LackedPart,
  newestApart,
  retireApart,
} from "./configuration-incomplete";
import { incomplete, manifestOf, manifestFile } from "./configuration-manifest";
import { alwaysKept, clusterViews } from "./configuration-paths";

export interface ConfigurationRun extends JobRun<DailyBackupConfig> {
  readonly startedAt: Date;
  /** What an operator said is meant to be so. */
  readonly accepted: ReadonlySet<string>;
  bytes: number;
  /** Why the host's configuration has no new copy: told once the volumes have had their turn. */
  configurationFailure?: RunnerError;
}

/** Folder of the backup disk with the generations. */
export const configurationFolder = "pve-config";

/** What `--accept` calls the host's configuration. */
export const configurationName = "configuration";

const clusterFiles = "/etc/pve";
const longestCommandMs = 5 * 60_000;

/**
 * Keeps what a host that is built anew needs: files with all of their metadata, and what the host's own programs say of
 * disks, volumes, packages and network. One generation a period; a run that finds what the newest one holds leaves it.
 * It comes before the volumes, as it takes seconds, and a failure of it doesn't stop them.
 * @param handOver called with a generation's folder before it becomes visible
 * @param hostRoot root of the host's files
 */
export function configurationPhase<Run extends ConfigurationRun>(
  handOver: (run: Run, folder: string) => void,
  hostRoot = "/",
): Phase<Run> {
  return {
    name: "configuration",
    async run(run) {
      try {
        await keepConfiguration(run, folder => handOver(run, folder), hostRoot);
      } catch (error) {
        run.stop.check("configuration");
        run.configurationFailure = asRunnerError(error, run.config.job);
        run.log.error(run.configurationFailure.failed);
      }
    },
  };
}

/** Fails a run whose host's configuration has no new copy. */
export const judgeConfiguration: Phase<ConfigurationRun> = {
  name: "judge-configuration",
  async run({ configurationFailure }) {
    if (configurationFailure) throw configurationFailure;
  },
};

async function keepConfiguration(
  run: ConfigurationRun,
  handOver: (folder: string) => void,
  hostRoot: string,
): Promise<void> {
  const policy = run.config.configuration;
  if (!policy) return;
  const root = join(run.config.target.path, configurationFolder);
  const period = periodOf(run.startedAt.getTime(), policy.every, run.config.zone);
  const previous = newestOfBothKinds(root, policy.every);
  const earlier = { previous, apart: newestApart(root) };
  const fresh = freshGeneration(root, period, ".");
  const lockFd = required(run.lock, "lock").fd;
  try {
    const { bytes, lacks, isWorse } = await fill(run, fresh, earlier, hostRoot, policy.paths);
    if (lacks.length > 0) {
      if (isWorse) throw lackingFailure(lacks, undefined);
      await keepApart({ root, handOver }, fresh, lacks, { stop: run.stop.signal, lockFd });
      run.bytes += bytes;
      throw lackingFailure(lacks, newestApart(root)?.folder);
    }
    if (previous?.period === period && hashOf(previous.folder) === hashOf(fresh.folder))
      run.log.info(`configuration: nothing changed since ${previous.period} was made`);
    else {
      handOver(fresh.target);
      await promote(fresh, run.stop.signal, lockFd);
      run.bytes += bytes;
    }
    retireApart({ root, handOver });
  } finally {
    discard(fresh);
  }
}

/** What there is of the other kind is what the host was, too, on the night after the estate asked for this one. */
function newestOfBothKinds(root: string, every: "day" | "week"): Generation | undefined {
  const own = newestGeneration(root, ".", every);
  const other = newestGeneration(root, ".", every === "day" ? "week" : "day");
  return own && !(other && isLaterPeriod(other.period, own.period)) ? own : (other ?? own);
}

/** Folder of a generation with the host's own files, by their paths from its root; beside it lie the facts and the manifest. */
export const hostFiles = "files";

/** Generations whose files are shared where they are the same, and that are compared with what there is now. */
interface Earlier {
  readonly previous: Generation | undefined;
  /** One that lacks something. */
  readonly apart: Generation | undefined;
}

interface Filled {
  readonly bytes: number;
  /** What could not be kept; all else is there. */
  readonly lacks: readonly LackedPart[];
  /** It lost most of what an earlier one that lacks something has: that one is the better of the two. */
  readonly isWorse: boolean;
}

async function fill(
  run: ConfigurationRun,
  { folder }: FreshGeneration,
  { previous, apart }: Earlier,
  hostRoot: string,
  listed: readonly string[],
): Promise<Filled> {
  const { parts, lacks } = partsToKeep(hostRoot, listed);
  const files = join(folder, hostFiles);
  const paths = pathsOf(hostRoot, parts);
  const copied = await copyFiles(run, files, previous ?? apart, hostRoot, paths);
  const facts = join(folder, "facts");
  mkdirSync(facts);
  const asked = await gatherFacts(facts, { stop: run.stop.signal, timeoutMs: longestCommandMs });
  const all = [...lacks, ...copied.lacks, ...asked.lacks];
  if (all.length === 0)
    for (const before of [previous, apart])
      if (before) refuseCollapse(run, join(before.folder, hostFiles), files, parts);
  const manifest = await manifestOf(folder, run.config.host, run.startedAt, asked.results, run.stop.signal);
  writeDurably(join(folder, manifestFile), `${JSON.stringify(manifest, null, 1)}\n`, 0o600);
  const isWorse =
    apart !== undefined &&
    !run.accepted.has(configurationName) &&
    configurationCollapse(join(apart.folder, hostFiles), files, parts) !== undefined;
  return { bytes: copied.bytes, lacks: all, isWorse };
}

/** @throws {RunnerError} when the host lost most of what the last generation has; that one stays */
function refuseCollapse(run: ConfigurationRun, before: string, now: string, parts: readonly Part[]): void {
  const collapse = configurationCollapse(before, now, parts);
  if (collapse === undefined) return;
  if (!run.accepted.has(configurationName))
    throw incomplete(
      collapse,
      shell`ls -la ${before}   (what the last generation has of the host; if it is meant to be so: ${ready(acceptCommand(run.config.job, configurationName))})`,
    );
  run.notes.push(`the host's configuration: ${collapse}, which is accepted`);
}

/** What of it is there, and what of that the estate lists isn't, or isn't mounted: that keeps nothing else from being copied. */
function partsToKeep(hostRoot: string, listed: readonly string[]): { parts: Part[]; lacks: LackedPart[] } {
  const lacks: LackedPart[] = [];
  for (const path of listed) {
    const there = join(hostRoot, path);
    if (!exists(there))
      lacks.push({
        path,
        reason: `${quoted(path)} is missing`,
        next: shell`ls -ld ${path}; take it off the estate if it is to be so`,
      });
    else if (path.replace(/\/+$/, "") === clusterFiles) lacks.push(...clusterFaults(there, path));
  }
  const always = alwaysKept.map(([path]) => path).filter(path => !listed.includes(path));
  const parts = [
    ...listed.map(path => ({ path, behind: behindLink(hostRoot, path), isListed: true })),
    ...always.map(path => ({ path, behind: behindLink(hostRoot, path), isListed: false })),
  ];
  return { parts, lacks };
}

/** What rsync is to copy. */
function pathsOf(hostRoot: string, parts: readonly Part[]): string[] {
  const there = parts.filter(({ path }) => exists(join(hostRoot, path)));
  const all = there.flatMap(({ path, behind }) => [path, ...behind]);
  // rsync takes what is named twice once, but then warns.
  return [...new Set(all)].filter(path => !all.some(other => path.startsWith(`${other}/`)));
}

/** Views of the running cluster are there also when there is nothing to keep. */
function clusterFaults(folder: string, path: string): LackedPart[] {
  const views: readonly string[] = clusterViews;
  const next = "systemctl status pve-cluster; systemctl restart pve-cluster";
  try {
    return readdirSync(folder).every(name => views.includes(name))
      ? [{ path, reason: `${quoted(path)} is empty: its file system isn't mounted`, next }]
      : [];
  } catch (error) {
    return [{ path, reason: `${quoted(path)} can't be read: ${errnoOf(error) ?? String(error)}`, next }];
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A path that is a link is kept as one, and so is what it leads to. */
function behindLink(hostRoot: string, path: string): string[] {
  const there = join(hostRoot, path);
  if (!lstatSync(there, { throwIfNoEntry: false })?.isSymbolicLink()) return [];
  try {
    const target = realpathSync(there);
    const prefix = hostRoot === "/" ? "" : realpathSync(hostRoot);
    return target.startsWith(`${prefix}/`) ? [target.slice(prefix.length)] : [];
  } catch {
    return [];
  }
}

async function copyFiles(
  run: ConfigurationRun,
  into: string,
  previous: Generation | undefined,
  hostRoot: string,
  paths: readonly string[],
): Promise<{ readonly bytes: number; readonly lacks: readonly LackedPart[] }> {
  mkdirSync(into);
  const { log, config, stop } = run;
  const pass = await rsync(
    [
      ...[...wholeMetadata, listedBefore, "--relative"],
      ...(previous ? [`--link-dest=${join(previous.folder, hostFiles)}`] : []),
      ...["--", ...paths.map(path => `./${path.replace(/^\/+/, "")}`), `${into}/`],
    ],
    {
      ...{ cwd: hostRoot, timeoutMs: config.budgetMs, stop: stop.signal },
      leaveAlone: clusterViews.map(name => `${clusterFiles.slice(1)}/${name}`),
      inherit: run.lock ? [run.lock.fd] : [],
    },
    () => log.progress("configuration"),
  );
  stop.check("configuration");
  const next = shell`df -h ${config.target.path}; dmesg --level err,warn | tail`;
  const { entries, unnamed } = pass.lacked;
  const lacked = entries.filter(({ hasVanished }) => hasVanished !== true);
  const isThrough = pass.outcome === "complete" || pass.outcome === "vanished";
  // What it can't say of what it lacks may be anything.
  if (!isThrough && (pass.outcome !== "partial" || lacked.length === 0 || unnamed.length > 0))
    throw incomplete(
      `rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
      next,
    );
  const lacks = lacked.map(({ path, reason }) => ({
    path: `/${path.toString("latin1")}`,
    reason: `${shortened(quoted(Buffer.concat([Buffer.from("/"), path])))} can't be copied: ${reason}`,
    next,
  }));
  return { bytes: pass.bytes, lacks: isThrough ? [] : lacks };
}

function hashOf(generation: string): string | undefined {
  try {
    const text = readFileSync(join(generation, manifestFile), "utf8");
    return z.object({ sha256: z.string() }).parse(JSON.parse(text)).sha256;
  } catch {
    return undefined;
  }
}
