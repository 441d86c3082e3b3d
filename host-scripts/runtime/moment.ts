const local = /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * An instant that an operator types: "2026-05-26T03:00:00Z" as the lists show it, or "2026-05-26 03:00" by the host's own clock;
 * a day alone means its end. What names no fraction means all of its second: copies are of some moment within the one that lists show.
 * @returns epoch ms @throws {Error} for anything else
 */
export function parseMoment(text: string): number {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const ms = local.test(text) ? Date.parse(isDay ? `${text}T23:59:59` : text.replace(" ", "T")) : NaN;
  if (Number.isNaN(ms))
    throw new Error(
      `"${text}" is no time, expected e.g. "2026-05-26T03:00:00Z", "2026-05-26 03:00" or "2026-05-26"`,
    );
  return text.includes(".") ? ms : ms + 999;
}

/** How lists show an instant, and what `--at` takes. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
