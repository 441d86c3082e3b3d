import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The root folder of the project, or of the package that was made of it. Searched upwards: in a bundle, `import.meta.url` is the entry's, at whatever depth it lies. */
export const projectRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("no package.json lies above the running program's source");
  return rootAbove(parent);
}

/**
 * What commands leave for later ones, such as bundles of runners; a lab has its keys, disks and logs there.
 * `HOLDFAST_STATE` names another folder, for a second lab beside the first.
 */
export const stateDir = stateDirOf(process.env);

function stateDirOf(environment: NodeJS.ProcessEnv): string {
  const chosen = environment["HOLDFAST_STATE"];
  if (chosen === undefined || chosen === "")
    // npm packs no lock. A package may lie where nobody may write.
    return existsSync(join(projectRoot, "package-lock.json"))
      ? join(projectRoot, ".holdfast")
      : join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "holdfast");
  if (!isAbsolute(chosen) || /[",\s]/.test(chosen)) {
    const fault = new Error(
      `HOLDFAST_STATE is ${JSON.stringify(chosen)}, expected an absolute path without commas, quotes or spaces, e.g. "/var/tmp/holdfast-2"`,
    );
    // Thrown while modules load, it is printed with its stack, which tells an operator nothing.
    fault.stack = fault.message;
    throw fault;
  }
  return resolve(chosen);
}
