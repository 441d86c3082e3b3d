import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { compareRecorded } from "../backup-scrub/recorded";
import { proveBackupDisk } from "../runtime/backup-disk";
import { exitCodes, RunnerError } from "../runtime/errors";
import { filesIn } from "../runtime/files-in";
import { wronglyLinked } from "../runtime/linked-names";
import { isSameMount, mountsBelow } from "../runtime/mounts";
import { withPathList } from "../runtime/path-list";
import { noted, notedName, quoted, shortened } from "../runtime/quoted";
import { rsync, wholeMetadata } from "../runtime/rsync";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { foldersAbove, statIn } from "../runtime/tree-path";
import type { Answer, ListRequest, WayContext } from "../runtime/ways";
import { knownNested, nestedAsides } from "./nested";
import { mirroredServices, serviceTyped } from "./restore/resolve";

/** How a service on the mirror compares. Names are as messages show them. */
interface Inspected {
  readonly service: string;
  /** Absent where no job keeps checksums. */
  readonly recorded?: { readonly good: number; readonly unrecorded: number };
  readonly bad: readonly { readonly name: string; readonly reason: string }[];
  /** Entries that a run would copy, change or delete now. */
  readonly differing: number;
  /** The first of them, with rsync's letters, or what they don't tell. */
  readonly first: readonly string[];
}

/**
 * Reads what the mirror has: against the checksums that are on record of it, and, by sizes and times, against the source as it is
 * now. Changes nothing and takes no lock. That the source has changed since is no fault; what the mirror doesn't hold, or give, is.
 */
export async function inspect({ what }: ListRequest, context: WayContext<NfsMirrorConfig>): Promise<Answer> {
  const { config, log, stop } = context;
  const source = { role: "source", access: "read", ...config.source } as const;
  await proveBackupDisk(config, "read", { stop, log, dryRun: true }, [source]);
  const services = what === undefined ? mirroredServices(config) : [serviceTyped(config, what)];
  const found: Inspected[] = [];
  for (const service of services) found.push(await inspected(context, service));
  const bad = found.flatMap(service => service.bad);
  return {
    text: found.flatMap(linesOf).join("\n"),
    result: { services: found },
    ...(bad.length > 0 && {
      failure: {
        failed: `${bad.length} files of the mirror can't be read, or don't hold what was recorded of them: ${bad
          .slice(0, shown)
          .map(({ name }) => shortened(name))
          .join(", ")}${bad.length > shown ? ", …" : ""}`,
        kept: "Nothing was changed.",
        next: shell`dmesg --level err,warn | tail; systemctl start backup-scrub   (it mends what it has a good copy of)`,
      },
    }),
  };
}

const shown = 5;

async function inspected(context: WayContext<NfsMirrorConfig>, service: string): Promise<Inspected> {
  const { config, log, stop } = context;
  log.progress(`verify: ${notedName(service)}`);
  const { sumsDir, target } = config;
  const compared = await compareRecorded({ stateDir: sumsDir, target }, service, stop);
  const { good, unrecorded, bad } = compared;
  return {
    service: notedName(service),
    ...(sumsDir !== undefined && { recorded: { good, unrecorded } }),
    bad: bad.map(({ name, reason }) => ({ name: notedName(name), reason })),
    ...(await againstSource(context, service)),
  };
}

/** rsync's dry run, as a run's scan. What is mounted below and away is passed over: nobody knows what lies there. */
async function againstSource(
  { config, stop }: WayContext<NfsMirrorConfig>,
  service: string,
): Promise<Pick<Inspected, "differing" | "first">> {
  const mounted = await mountsBelow(config.source.path, stop.signal);
  const away = Object.entries(knownNested(config))
    .filter(([path, is]) => !isSameMount(is, mounted.get(path)))
    .map(([path]) => Buffer.from(path).toString("latin1"));
  const asides = nestedAsides(config).map(path => Buffer.from(path).toString("latin1"));
  const passedOver = new Set([...away, ...asides]);
  const isAway = (name: string): boolean => [name, ...foldersAbove(name)].some(path => passedOver.has(path));
  const first: string[] = [];
  let differing = 0;
  const parted = new Set(partedNames(config, service));
  // A run that goes on at the same time has a list of its own.
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(config.stateDir, "verify-"));
  try {
    const pass = await withPathList(folder, [service], list =>
      rsync(
        [
          ...[
            ...wholeMetadata,
            "--dry-run",
            "--recursive",
            "--delete",
            "--delete-missing-args",
            "--ignore-errors",
          ],
          ...[...list, "--", "./", `${config.target.path}/`],
        ],
        { cwd: config.source.path, timeoutMs: longestMs, stop: stop.signal },
        ({ path, letters }) => {
          const name = path.toString("latin1");
          if (name === "." || isAway(name)) return;
          parted.delete(name);
          differing += 1;
          if (first.length < shown) first.push(`${letters.trim()} ${noted(path)}`);
        },
      ),
    );
    stop.check("verify");
    for (const name of parted) {
      if (isAway(name)) continue;
      differing += 1;
      if (first.length < shown)
        first.push(`one file on the mirror, of its own in the source: ${notedName(name)}`);
    }
    if (pass.outcome === "broken")
      throw new RunnerError(exitCodes.failed, {
        failed: `${quoted(Buffer.from(service, "latin1"))} can't be compared with its source: rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
        kept: "Nothing was changed.",
        next: "dmesg --level err,warn | tail",
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { differing, first };
}

/** Names that share a file on the mirror, and have several in the source: rsync takes them for the same where content and metadata are. */
function partedNames({ source, target }: NfsMirrorConfig, service: string): readonly string[] {
  const groups = new Map<bigint, string[]>();
  // What can't be read is told by the others who look.
  for (const name of filesIn(target.path, service, () => undefined)) {
    const stat = statIn(target.path, name);
    if (stat && stat.nlink > 1n) groups.set(stat.ino, [...(groups.get(stat.ino) ?? []), name]);
  }
  return wronglyLinked(source.path, [...groups.values()], () => false);
}

const longestMs = 7 * 24 * 3_600_000;

function linesOf({ service, recorded, bad, differing, first }: Inspected): string[] {
  const sums = recorded
    ? `${recorded.good} files hold what was recorded of them, of ${recorded.unrecorded} nothing is on record`
    : "no checksums are on record (backup-scrub keeps them)";
  return [
    `${shortened(service)}: ${sums}; ${bad.length} are bad; ${differing === 0 ? "the source is the same" : `${differing} entries differ from the source as it is now`}`,
    ...bad.slice(0, shown).map(({ name, reason }) => `  bad: ${shortened(name)}: ${reason}`),
    ...first.map(line => `  ${shortened(line)}`),
    ...(differing > first.length ? [`  and ${differing - first.length} more`] : []),
  ];
}
