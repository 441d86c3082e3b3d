import type { Location } from "../plan/job";
import { formatSize } from "../plan/units/size";

export { listed } from "../plan/contracts/listed";
export { formatSize, formatSizeUp } from "../plan/units/size";

/** A place for people: "pve:/mnt/backup/books"; names with odd characters are quoted. */
export function placeText({ machine, path }: Location): string {
  const text = `${machine.name}:${path}`;
  return /^[\w:/.,@#+~-]+$/.test(text) ? text : JSON.stringify(text);
}

/** An instant as ISO 8601 in UTC, to the minute. */
export function instantText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}

/** "1 copy", "3 copies". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A size for people, also where the estate doesn't say it. */
export function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? "nobody says how many bytes" : formatSize(bytes);
}
