import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RunnerBundle } from "../components/host-release/commands";
import { bundleRunner, type RunnerFolder } from "../host-scripts/bundle-runner";
import type { DumpPod } from "../plan/pod";
import { projectRoot, stateDir } from "./project";
import { writeWhole } from "./write-whole";

/** All that a runner is made of: no other folder may be imported there. */
const sources = ["host-scripts", "cluster-scripts", "plan/contracts"];
const folder = join(stateDir, "cache", "runners");

const record = z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.number() });

/**
 * The runner of a job as a file to copy; bundled only when a source of it changed since the last time. The file's name
 * follows from its content, so an unchanged runner keeps its path, and a preview shows no change.
 */
export async function runnerOf(job: string, from: RunnerFolder = "host-scripts"): Promise<RunnerBundle> {
  const built = join(projectRoot, "dist", from, `${job}.cjs`);
  // A package has no sources.
  if (!existsSync(join(projectRoot, from, `${job}.ts`))) return bundleAt(built, readFileSync(built));
  const note = join(folder, `${job}-${stampOfSources()}.json`);
  const known = noted(note);
  if (known) return known;
  const { text, sha256 } = await bundleRunner(job, projectRoot, from);
  const bundle = bundleAt(join(folder, `${job}-${sha256.slice(0, 12)}.cjs`), Buffer.from(text));
  mkdirSync(folder, { recursive: true });
  writeWhole(bundle.path, text);
  writeWhole(note, JSON.stringify(bundle));
  return bundle;
}

/** Texts of the programs in a dump's pod, by their file names: the runner, and its client's scripts. */
export async function podPrograms(runner: string, { client }: DumpPod): Promise<Record<string, string>> {
  const { path } = await runnerOf(runner, "cluster-scripts");
  const scripts = [
    client.script,
    ...(client.restoreScript === undefined ? [] : [client.restoreScript]),
    ...client.includes,
  ].map(name => `${name}.sh`);
  return Object.fromEntries([
    [`${runner}.cjs`, readFileSync(path, "utf8")],
    ...scripts.map(name => [name, readFileSync(join(projectRoot, "cluster-scripts/clients", name), "utf8")]),
  ]) as Record<string, string>;
}

function bundleAt(path: string, content: Buffer): RunnerBundle {
  return { path, sha256: createHash("sha256").update(content).digest("hex"), sizeBytes: content.length };
}

function noted(note: string): RunnerBundle | undefined {
  if (!existsSync(note)) return undefined;
  const bundle = record.parse(JSON.parse(readFileSync(note, "utf8")));
  return existsSync(bundle.path) ? bundle : undefined;
}

/** Changes with any file's name, size or time of change. */
function stampOfSources(): string {
  const files = sources.flatMap(source =>
    readdirSync(join(projectRoot, source), { recursive: true, encoding: "utf8" })
      .filter(name => name.endsWith(".ts"))
      .map(name => join(source, name)),
  );
  const stamps = [...files.sort(), "package-lock.json"].map(name => {
    const { mtimeMs, size } = statSync(join(projectRoot, name));
    return [name, mtimeMs, size];
  });
  return createHash("sha256").update(JSON.stringify(stamps)).digest("hex").slice(0, 12);
}
