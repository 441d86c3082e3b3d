import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** The disks of a world's folder. */
export interface Disks {
  /** Mounts each where it belongs. */
  mount(): Promise<unknown>;
  unmount(): Promise<unknown>;
}

const kept = "kept";
const pathsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter(name => name !== kept)
    .map(name => join(folder, name));
const copy = (paths: readonly string[], to: string): Promise<unknown> =>
  execa("cp", ["-a", "--sparse=always", ...paths, to]);

/** Keeps a world's folder as it is: disks, the runner's state, its metrics and its config. Such a world is made once a file. */
export async function keepFolder(folder: string, disks: Disks): Promise<void> {
  await disks.unmount();
  mkdirSync(join(folder, kept));
  await copy(pathsIn(folder), join(folder, kept));
  await disks.mount();
}

/** All as it was when it was kept, whatever a test has done to it, its mounts and its programs since. */
export async function goBackToKept(folder: string, disks: Disks): Promise<void> {
  // In this process' namespace nothing is mounted: a folder that goes takes with it what others have mounted over it.
  for (const path of pathsIn(folder)) rmSync(path, { recursive: true });
  await copy(pathsIn(join(folder, kept)), folder);
  await disks.mount();
}
