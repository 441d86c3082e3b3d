import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dumpForms } from "../../plan/contracts/dump-forms";
import { type Manifest, manifest } from "../../plan/contracts/dump-manifest";
import { withoutAhead } from "../../host-scripts/runtime/clock";
import { writeDurably } from "../../host-scripts/runtime/durable";

/** A dump that lies in a folder. */
export interface Dump {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Dumps of a folder, oldest first; of others, such as those of another program, nothing is known. */
export function dumpsOf(folder: string): Dump[] {
  return manifestsOf(folder)
    .filter(({ file }) => existsSync(join(folder, file)))
    .sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
    .map(found => ({ folder, manifest: found }));
}

/** Paths of manifests whose dump never got its name. A file that isn't a manifest of ours is somebody's. */
export function manifestsWithoutDump(folder: string): string[] {
  return manifestsOf(folder)
    .filter(({ file }) => !existsSync(join(folder, file)))
    .map(({ file }) => manifestPath(folder, file));
}

/** Whether something is what is there of a manifest until it is whole, and what a run leaves that is killed then: `writeDurably`. */
export function isPartOfManifest(name: string): boolean {
  return /^dump_.*\.json\.\d+\.part$/.test(name);
}

export function manifestsOf(folder: string): Manifest[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => /^dump_.*\.json$/.test(name))
    .flatMap(name => readManifest(join(folder, name)) ?? []);
}

export function goodDumpsOf(folder: string): Dump[] {
  return dumpsOf(folder).filter(({ manifest: { held, former } }) => !held && !former);
}

/** As far as is known: any node's clock may have dated one. */
export function newestGoodOf(folder: string): Dump | undefined {
  return withoutAhead(goodDumpsOf(folder), ({ manifest: { startedAt } }) => Date.parse(startedAt)).at(-1);
}

/** Dumps of what a restore took the place of. */
export function formerDumpsOf(folder: string): Dump[] {
  return dumpsOf(folder).filter(({ manifest: { former } }) => former);
}

/** @returns undefined for what isn't one, or can't be read */
export function readManifest(path: string): Manifest | undefined {
  try {
    return manifest.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

const endings = new RegExp(
  `\\.(?:${Object.values(dumpForms)
    .map(({ ending }) => ending.replaceAll(".", "\\."))
    .join("|")})$`,
);

function manifestPath(folder: string, file: string): string {
  return join(folder, `${file.replace(endings, "")}.json`);
}

/** Comes before the dump gets its name: what has a name is known, and a manifest without a dump is nothing. */
export function writeManifest(folder: string, text: Manifest): void {
  writeDurably(manifestPath(folder, text.file), `${JSON.stringify(text, undefined, 2)}\n`, 0o600);
}

/** The dump goes first, for the same reason. */
export function removeDump({ folder, manifest: { file } }: Dump): void {
  rmSync(join(folder, file), { force: true });
  rmSync(manifestPath(folder, file), { force: true });
}
