import { existsSync, lstatSync, readFileSync } from "node:fs";
import { effectiveStateJobName } from "../../plan/contracts/effective-state";
import type { InForce } from "../../plan/contracts/in-force";
import { sumOfLines } from "../../plan/contracts/release-manifest";
import { messageOf } from "../runtime/errors";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import type { Difference } from "./effective-state";

type Release = Extract<InForce, { kind: "release" }>;

/** A deployment of several jobs, with large programs over a slow connection, is over by then, or has failed. */
const deployedWithinMs = 30 * 60_000;

/** By what each job's own release.sh says of it, and by the manifest after which a release is called. */
export async function releaseDifferences(
  releases: readonly Release[],
  stop: AbortSignal,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const release of releases) found.push(...(await ofRelease(release, stop)));
  return found;
}

/**
 * Whether a deployment may be under way that has come to one of the two alone, a job or this look, which know of one another by what
 * the plan said when each was deployed.
 */
export function isBeingDeployed(job: string): boolean {
  const now = Date.now();
  return [job, effectiveStateJobName].some(each => {
    const switched = lstatSync(`${folderOf(each)}/current`, { throwIfNoEntry: false })?.mtimeMs;
    return switched !== undefined && switched <= now && now - switched < deployedWithinMs;
  });
}

async function ofRelease({ job, files }: Release, stop: AbortSignal): Promise<Difference[]> {
  const script = `${folderOf(job)}/release.sh`;
  const list = shell`sh ${script} list`;
  const differs = (text: string, next = list): Difference => ({ kind: "release", subject: job, text, next });
  if (!existsSync(script))
    return [{ ...differs(`declared a release, and "${script}" isn't there`, "pulumi up"), isOther: true }];
  const { stdout, exitCode, stderr } = await run(["sh", script, "list"], {
    ...{ timeoutMs: 60_000, stop, env: { LC_ALL: "C" } },
  });
  if (exitCode !== 0)
    return [differs(`what is live can't be told: ${stderr.trim() || `release.sh ended with ${exitCode}`}`)];
  const said = (word: string): string[] =>
    stdout.split("\n").flatMap(line => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [live] = said("live").map(line => line.split(" ")[0] ?? "");
  const [left] = said("left");
  if (live === undefined)
    return [{ ...differs("declared a release, and nothing is live", "pulumi up"), isOther: true }];
  return [
    ...said("fault").map(fault => ofFault(job, fault, list)),
    ...(left === undefined
      ? []
      : [differs(`declared release ${left}, and ${live} is live: somebody went back from it`)]),
    ...ofManifest(job, live, left === undefined ? files : undefined).map(({ text, ...more }) => ({
      ...differs(text),
      ...more,
    })),
  ];
}

/** A fault that names a unit is that unit's: two of them are two. */
function ofFault(job: string, fault: string, list: string): Difference {
  const [text = "", next = list] = fault.split(". Next: ");
  const [, unit] = /^"(?:[^"]*\/)?([^"/]+\.(?:service|timer))"/.exec(text) ?? [];
  return unit === undefined
    ? { kind: "release", subject: job, text, next }
    : { kind: "unit", subject: unit, text, next };
}

/** @param files sum of the lines that the plan knows; undefined where it doesn't, or another release than the plan's is meant to be live */
function ofManifest(
  job: string,
  live: string,
  files: string | undefined,
): Pick<Difference, "text" | "isOther">[] {
  let manifest: string;
  try {
    manifest = readFileSync(`${folderOf(job)}/current/manifest`, "utf8");
  } catch (error) {
    return [{ text: `the manifest of release ${live} can't be read: ${messageOf(error)}` }];
  }
  const sum = sumOfLines(manifest);
  if (!sum.startsWith(live))
    return [{ text: `release ${live} isn't what was deployed: its manifest was changed` }];
  if (files === undefined || sumOfLines(withoutBundle(manifest, job)) === files) return [];
  const text = `declared other files than those of release ${live}: an older one is live, another estate's, or that of an up that hasn't come to its end`;
  return [{ text, isOther: true }];
}

function folderOf(job: string): string {
  return `/opt/holdfast/${job}`;
}

function withoutBundle(manifest: string, job: string): string {
  return manifest
    .split("\n")
    .filter(line => !line.endsWith(`  ${job}.cjs`))
    .join("\n");
}
