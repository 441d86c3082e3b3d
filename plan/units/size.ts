import { remembered } from "./remembered";

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const mostBytes = 1e18;

/**
 * Bytes of a text such as "1.1TB" (decimal) or "400 GiB" (binary).
 * @throws {Error} for a number without a unit, a negative one, an unknown unit, or more than there is
 */
export const parseSize = remembered((text: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const bytes = unitBytes[unit ?? ""];
  if (number === undefined || bytes === undefined)
    throw new Error(
      `isn't a size: expected a number with a unit (${Object.keys(unitBytes).join(", ")}). Example: "400GiB"`,
    );
  const size = Math.round(Number(number) * bytes);
  if (size > mostBytes) throw new Error('is beyond 1000 PB, which no disk is. Example: "400GiB"');
  return size;
});

/** Bytes for people, decimal as disks are sold: "1.1 TB", "700 GB". */
export function formatSize(bytes: number): string {
  return scaled(bytes, value => value);
}

/** Bytes that are needed, for people: rounded up, so that whoever adds what is printed has added enough. */
export function formatSizeUp(bytes: number): string {
  return scaled(bytes, Math.ceil);
}

/** @param round of the number before its last printed digit */
function scaled(bytes: number, round: (value: number) => number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  const printed = round(value * 10 ** digits) / 10 ** digits;
  return `${bytes < 0 ? "-" : ""}${Number(printed.toFixed(digits))} ${units[unit] ?? ""}`;
}
