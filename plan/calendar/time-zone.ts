import { Temporal } from "temporal-polyfill";

/** A span of time with one offset from UTC; local = utc + offset. Instants and offsets in ms. */
export interface OffsetSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

const spansByZone = new Map<string, OffsetSpan[]>();
const horizon = { fromMs: Date.UTC(1999, 0, 1), toMs: Date.UTC(2102, 0, 1) };

/** @throws {Error} when there is no such IANA zone; names a near one if only the case is off */
export function checkTimeZone(zone: string): void {
  try {
    // Offsets such as "+02:00" are valid for Intl, but no zone: they know no clock changes.
    if (!/^[+-]/.test(zone) && new Intl.DateTimeFormat("en", { timeZone: zone }) && isCanonicalCase(zone))
      return;
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

/** The zone's spans of constant offset from 1999 to 2101, ascending. Computed once for each zone. */
export function offsetSpans(zone: string): readonly OffsetSpan[] {
  const known = spansByZone.get(zone);
  if (known) return known;
  const spans: OffsetSpan[] = [];
  let at: Temporal.ZonedDateTime = Temporal.Instant.fromEpochMilliseconds(horizon.fromMs).toZonedDateTimeISO(
    zone,
  );
  while (at.epochMilliseconds < horizon.toMs) {
    const next = at.getTimeZoneTransition("next");
    const toMs = Math.min(next?.epochMilliseconds ?? horizon.toMs, horizon.toMs);
    spans.push({ fromMs: at.epochMilliseconds, toMs, offsetMs: at.offsetNanoseconds / 1e6 });
    if (!next) break;
    at = next;
  }
  spansByZone.set(zone, spans);
  return spans;
}

/** The instant at which a calendar date is over in a zone, as epoch ms. @param date e.g. "2027-06-30" */
export function endOfDay(date: string, zone: string): number {
  return Temporal.PlainDate.from(date).add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds;
}
