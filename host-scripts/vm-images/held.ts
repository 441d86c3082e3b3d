import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder } from "../runtime/durable";
import { discard, type FreshGeneration } from "../runtime/generations";
import type { VmImagesConfig } from "../../plan/contracts/vm-images";
import { type Image, imageIn } from "./image";
import { rootOf } from "./vm-images";

/** Where the image of a VM waits for somebody who says that it is meant to be so. */
function heldFolder(config: VmImagesConfig, id: number): string {
  return join(rootOf(config), ".held", String(id));
}

/** The image that waits. */
export function heldImage(config: VmImagesConfig, id: number): Image | undefined {
  return imageIn(heldFolder(config, id), id);
}

/** Puts a whole image aside that nobody expected so. One that has waited before gives way: it was no better. */
export function hold(config: VmImagesConfig, id: number, fresh: FreshGeneration): void {
  const folder = heldFolder(config, id);
  letGo(config, id);
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  renameSync(fresh.folder, folder);
  syncFolder(dirname(folder));
}

/** Gives up the image that waits, if there is one. @returns whether there was */
export function letGo(config: VmImagesConfig, id: number): boolean {
  const folder = heldFolder(config, id);
  if (!existsSync(folder)) return false;
  discard({ folder, root: rootOf(config), target: folder, period: "" });
  return true;
}

/** The image that waits, as a generation that can become visible. */
export function heldGeneration(config: VmImagesConfig, id: number, period: string): FreshGeneration {
  const root = rootOf(config);
  return { folder: heldFolder(config, id), root, period, target: join(root, period, String(id)) };
}
