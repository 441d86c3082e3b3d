import { parseSize } from "../../plan/units/size";

/** What is in something: rounded up. */
export function sizeOf(bytes: number): string {
  return sizeText(bytes, Math.ceil);
}

/** What something has room for: rounded down, so that nobody counts on more. */
export function roomOf(bytes: number): string {
  return sizeText(bytes, Math.floor);
}

/** What is in use of all that something has: both are rounded, and no more than all of it can be in use. */
export function usedOf(usedBytes: number, bytes: number): string {
  return noMore(sizeOf(usedBytes), roomOf(bytes));
}

/** The lesser of two sizes. */
export function noMore(size: string, most: string): string {
  return parseSize(size) > parseSize(most) ? most : size;
}

function sizeText(bytes: number, round: (value: number) => number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${round(value * 10) / 10}${units[unit]}`;
}
