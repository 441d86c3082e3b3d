import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { VmImagesConfig } from "../../plan/contracts/vm-images";
import { isAhead, withoutAhead } from "../runtime/clock";
import { errnoOf, messageOf } from "../runtime/errors";
import { type Generation, generationsOfAnyKind } from "../runtime/generations";
import { quoted } from "../runtime/quoted";
import { textIfThere } from "../runtime/text-if-there";
import { type DumpLog, readDumpLog } from "./vzdump-log";
import { rootOf } from "./vm-images";

/** An image that vzdump made, in a folder of its own. */
export interface Image {
  readonly folder: string;
  /** "vzdump-qemu-101-2026_11_01-16_00_01.vma.zst" */
  readonly name: string;
  readonly bytes: number;
  /** When its making began, by its name and this host's clock: epoch ms. */
  readonly begunMs: number;
  readonly log: DumpLog;
  /** What else lies in the folder and is none of vzdump's: somebody's own. */
  readonly foreign: readonly string[];
  /** Somebody has told Proxmox to keep it. */
  readonly isProtected: boolean;
}

/** A good image, as one of the generations. */
export interface GoodImage extends Image {
  readonly generation: Generation;
}

const archive = /^vzdump-qemu-(\d+)-(\d{4})_(\d\d)_(\d\d)-(\d\d)_(\d\d)_(\d\d)\.vma\.zst$/;

/** The one image in a folder. @returns undefined when there is none of this VM, or more than one */
export function imageIn(folder: string, id: number): Image | undefined {
  const names = namesIn(folder);
  const images = names.filter(name => archive.exec(name)?.[1] === String(id));
  const [name] = images;
  if (name === undefined || images.length > 1) return undefined;
  const log = name.replace(/\.vma\.zst$/, ".log");
  const own = new Set([name, log, `${name}.notes`, `${name}.protected`]);
  return {
    folder,
    name,
    bytes: lstatSync(join(folder, name)).size,
    begunMs: begunOf(name),
    // Without a log it isn't known what is in it.
    log: readDumpLog(textIfThere(join(folder, log)), id),
    foreign: names.filter(each => !own.has(each)),
    isProtected: names.includes(`${name}.protected`),
  };
}

/** Good images of a VM, oldest first; also those of a kind of period that the estate no longer asks for. */
export function imagesOf(config: VmImagesConfig, id: number): GoodImage[] {
  return generationsOfAnyKind(rootOf(config), String(id))
    .flatMap(generation => {
      const image = readImage(generation, id);
      return image && !("fault" in image) ? [{ ...image, generation }] : [];
    })
    .sort((one, other) => one.begunMs - other.begunMs);
}

/** What the disk doesn't show of a VM's images: neither counted nor removed, and no reason to make no new one. */
export interface Unreadable {
  readonly folder: string;
  readonly fault: string;
}

export function unreadableOf(config: VmImagesConfig, id: number): Unreadable[] {
  return generationsOfAnyKind(rootOf(config), String(id)).flatMap(generation => {
    const image = readImage(generation, id);
    return image && "fault" in image ? [image] : [];
  });
}

function readImage({ folder }: Generation, id: number): Image | Unreadable | undefined {
  try {
    return imageIn(folder, id);
  } catch (error) {
    return { folder, fault: messageOf(error) };
  }
}

/** Why what lies in the folder of a generation stays, in words; undefined where this job has made all of it. */
export function whyKept(folder: string, id: number): string | undefined {
  const images = namesIn(folder).filter(name => archive.exec(name)?.[1] === String(id));
  if (images.length > 1) return `it holds ${images.length} images`;
  const image = imageIn(folder, id);
  const [foreign] = image?.foreign ?? namesIn(folder);
  if (foreign !== undefined)
    return `somebody has put ${quoted(foreign)} there. Images of your own are safe in any other folder`;
  return image?.isProtected ? "it is protected in Proxmox" : undefined;
}

/** The newest good image of a VM; one that a clock which was ahead has dated only where there is no other. */
export function newestImage(config: VmImagesConfig, id: number): GoodImage | undefined {
  return withoutAhead(imagesOf(config, id), ({ begunMs }) => begunMs).at(-1);
}

/** When it was begun, epoch ms; 0 for none, and for one of a clock that was ahead. */
export function newestMs(config: VmImagesConfig, id: number): number {
  const begunMs = newestImage(config, id)?.begunMs ?? 0;
  return isAhead(begunMs, Date.now()) ? 0 : begunMs;
}

function begunOf(name: string): number {
  const [, , ...parts] = archive.exec(name) ?? [];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return new Date(year, month - 1, day, hour, minute, second).getTime();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
