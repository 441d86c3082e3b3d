/** A span of time with one offset from UTC; local = utc + offset. Instants and offsets in ms. */
export interface OffsetSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

const dayMs = 86_400_000;

/** Zones that are known to be there: asking Intl takes longer than all else that is checked of a schedule. */
const sound = new Set<string>();

/** @throws {Error} when there is no such IANA zone; names a near one if only the case is off */
export function checkTimeZone(zone: string): void {
  if (sound.has(zone)) return;
  try {
    // Offsets such as "+02:00" are valid for Intl, but no zone: they know no clock changes.
    if (!/^[+-]/.test(zone) && new Intl.DateTimeFormat("en", { timeZone: zone }) && isCanonicalCase(zone)) {
      sound.add(zone);
      return;
    }
  } catch {
    // Falls through to the one message.
  }
  const near = Intl.supportedValuesOf("timeZone").find(known => sameLetters(known, zone));
  throw new Error(`"${zone}" isn't a time zone: expected an IANA name. Example: "${near ?? "Europe/Sofia"}"`);
}

/** Intl takes "europe/sofia"; the tz database's files, which systemd opens, don't on Linux. */
function isCanonicalCase(zone: string): boolean {
  return zone === "UTC" || /^[A-Z]/.test(zone);
}

function sameLetters(known: string, zone: string): boolean {
  const bare = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");
  return bare(known) === bare(zone) || bare(known).endsWith(bare(zone));
}

/** Of each zone the span that was asked for last: runs are asked for one after the other, each of a day or two. */
const recent = new Map<string, readonly [OffsetSpan]>();

/**
 * The zone's spans of constant offset that touch [fromMs, toMs), ascending, without a gap; there may be more, to the ends of the
 * years. A year is looked up once; only the years that are asked for are, as a century of one zone takes longer than a plan.
 */
export function offsetSpans(zone: string, fromMs: number, toMs: number): readonly OffsetSpan[] {
  const last = recent.get(zone);
  if (last && last[0].fromMs <= fromMs && toMs < last[0].toMs) return last;
  const [firstYear, lastYear] = [utcYear(fromMs), utcYear(toMs)];
  if (firstYear === lastYear) {
    const spans = spansOfYear(zone, firstYear);
    const one = spans.find(span => span.fromMs <= fromMs && toMs < span.toMs);
    if (one) recent.set(zone, [one]);
    return spans;
  }
  const spans: OffsetSpan[] = [];
  for (let year = firstYear; year <= lastYear; year++)
    for (const span of spansOfYear(zone, year)) {
      const last = spans.at(-1);
      if (last?.offsetMs === span.offsetMs) spans[spans.length - 1] = { ...last, toMs: span.toMs };
      else spans.push(span);
    }
  return spans;
}

function utcYear(atMs: number): number {
  return new Date(atMs).getUTCFullYear();
}

const known = new Map<string, Map<number, readonly OffsetSpan[]>>();

function spansOfYear(zone: string, year: number): readonly OffsetSpan[] {
  const years = known.get(zone) ?? new Map<number, readonly OffsetSpan[]>();
  known.set(zone, years);
  const spans = years.get(year) ?? searchYear(zone, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
  years.set(year, spans);
  return spans;
}

// Shorter than any span of one offset since 2001; Morocco's Ramadan is the shortest that comes each year, at four weeks.
const stepMs = 14 * dayMs;

function searchYear(zone: string, fromMs: number, toMs: number): OffsetSpan[] {
  if (zone === "UTC") return [{ fromMs, toMs, offsetMs: 0 }];
  const spans: OffsetSpan[] = [];
  let start = { fromMs, offsetMs: offsetAt(zone, fromMs) };
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
    const nextMs = Math.min(atMs + stepMs, toMs);
    const offsetMs = offsetAt(zone, nextMs);
    if (offsetMs === start.offsetMs) continue;
    const changeMs = changeBetween(zone, atMs, nextMs, start.offsetMs);
    // A change at the year's last instant begins the next year's first span.
    if (changeMs >= toMs) break;
    spans.push({ ...start, toMs: changeMs });
    start = { fromMs: changeMs, offsetMs };
  }
  return [...spans, { ...start, toMs }];
}

/** The first whole second with another offset, in (fromMs, toMs]. */
function changeBetween(zone: string, fromMs: number, toMs: number, offsetMs: number): number {
  let [before, after] = [fromMs / 1000, toMs / 1000];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(zone, middle * 1000) === offsetMs) before = middle;
    else after = middle;
  }
  return after * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Local time less UTC at an instant of whole seconds, in ms. */
function offsetAt(zone: string, atMs: number): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  formats.set(zone, format);
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0] =
    format.format(atMs).match(/\d+/g)?.map(Number) ?? [];
  return Date.UTC(year, month - 1, day, hour, minute, second) - atMs;
}

/**
 * The instants at which local clocks show a time: none where clocks skip it, two where they repeat it, ascending.
 * @param localMs the local time as if it were UTC
 */
export function instantsOf(localMs: number, zone: string): number[] {
  return offsetSpans(zone, localMs - 2 * dayMs, localMs + 2 * dayMs)
    .map(({ fromMs, toMs, offsetMs }) => ({ atMs: localMs - offsetMs, fromMs, toMs }))
    .filter(({ atMs, fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
    .map(({ atMs }) => atMs);
}

/** What local clocks show at an instant, as if it were UTC. */
export function localTime(atMs: number, zone: string): number {
  const span = offsetSpans(zone, atMs, atMs).find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  return atMs + (span?.offsetMs ?? 0);
}

/** `localTime` of many instants, ascending. */
export function localTimes(atMs: readonly number[], zone: string): number[] {
  const spans = offsetSpans(zone, atMs[0] ?? 0, atMs.at(-1) ?? 0);
  let span = 0;
  return atMs.map(instant => {
    while (span + 1 < spans.length && (spans[span]?.toMs ?? Infinity) <= instant) span++;
    return instant + (spans[span]?.offsetMs ?? 0);
  });
}

/** The instant at which a calendar date is over in a zone, as epoch ms. @param date e.g. "2027-06-30" */
export function endOfDay(date: string, zone: string): number {
  const midnightMs = Date.parse(`${date}T00:00:00Z`) + dayMs;
  const [first] = instantsOf(midnightMs, zone);
  if (first !== undefined) return first;
  // Clocks skip this midnight: the day ends with the change.
  const change = offsetSpans(zone, midnightMs - 2 * dayMs, midnightMs + 2 * dayMs).find(
    ({ fromMs, offsetMs }) => fromMs + offsetMs > midnightMs,
  );
  return change?.fromMs ?? midnightMs;
}
