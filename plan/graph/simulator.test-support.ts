/**
 * An estate whose clock ticks minute by minute: versions are read, copied from place to place, and arrive. It knows
 * nothing of the plan (no jobs, flows, copies or calendars), just what copies what from where and what clocks show.
 * Slow, and meant to be: it is what the exact computation is held against.
 */

/** Local times at which something starts. */
export interface Times {
  /** A CronJob starts again when clocks repeat an hour; a systemd timer doesn't. */
  readonly dialect: "cron" | "systemd";
  readonly zone: string;
  readonly hours: readonly number[];
  readonly minute: number;
  /** Empty for every day; 0 is Sunday. */
  readonly weekdays: readonly number[];
}

/** Something that copies: at its start it takes what is there, at its end that has arrived. */
export interface Copier {
  readonly name: string;
  readonly times: Times;
  readonly runMinutes: number;
  readonly delayMinutes: number;
  /** It doesn't start while one of these waits or runs. */
  readonly after: readonly string[];
  /** Places and live data ("live:books") that it takes from, and the place that it brings it to. */
  readonly hops: readonly { readonly from: string; readonly to: string }[];
}

/** What is asked of a disaster: how old the newest version is in the places that outlive it. */
export interface Question {
  readonly name: string;
  readonly places: readonly string[];
}

/** The largest age seen, and when first; in minutes. */
export interface Answer {
  readonly worstMinutes: number;
  readonly atMinute: number;
}

interface Running {
  queued: boolean;
  busyUntil: number;
  doneAt: number;
}

const nothing = -1;

/** Ticks from `fromMs` on, and looks at the estate in each minute from `watchFrom` to `minutes`. */
export function simulate(
  copiers: readonly Copier[],
  questions: readonly Question[],
  span: { readonly fromMs: number; readonly watchFrom: number; readonly minutes: number },
): Map<string, Answer> {
  const shelves = new Map<string, number>();
  const underWay: { doneAt: number; to: string; read: number }[] = [];
  const all = copiers.map(copier => ({
    copier,
    times: copier.times,
    clock: wallClock(copier.times.zone, span.fromMs, span.minutes),
    state: { queued: false, busyUntil: nothing, doneAt: nothing } as Running,
  }));
  const answers = questions.map(() => ({ newest: -Infinity, worstMinutes: nothing, atMinute: nothing }));

  const blocked = (copier: Copier, minute: number): boolean =>
    all.some(
      ({ copier: { name }, state }) => copier.after.includes(name) && (state.queued || minute < state.doneAt),
    );
  const begin = (copier: Copier, state: Running, minute: number): void => {
    state.queued = false;
    state.busyUntil = minute + copier.runMinutes;
    state.doneAt = state.busyUntil + copier.delayMinutes;
    for (const { from, to } of copier.hops) {
      const read = from.startsWith("live:") ? minute : shelves.get(from);
      if (read !== undefined) underWay.push({ doneAt: state.doneAt, to, read });
    }
  };

  for (let minute = 0; minute < span.minutes; minute++) {
    for (let index = underWay.length - 1; index >= 0; index--) {
      const load = underWay[index];
      if (load?.doneAt !== minute) continue;
      shelves.set(load.to, Math.max(load.read, shelves.get(load.to) ?? nothing));
      underWay.splice(index, 1);
      for (const [asked, { places }] of questions.entries()) {
        const answer = answers[asked];
        if (answer && places.includes(load.to)) answer.newest = Math.max(answer.newest, load.read);
      }
    }
    let isAnyQueued = false;
    for (const { times, clock, state } of all) {
      if (minute >= state.busyUntil && isDue(times, clock, minute)) state.queued = true;
      if (state.queued) isAnyQueued = true;
    }
    while (isAnyQueued) {
      isAnyQueued = false;
      for (const { copier, state } of all) {
        if (!state.queued || blocked(copier, minute)) continue;
        begin(copier, state, minute);
        // Its start may be what another waits for.
        isAnyQueued = true;
      }
    }
    if (minute < span.watchFrom) continue;
    for (const answer of answers)
      if (minute - answer.newest > answer.worstMinutes) {
        answer.worstMinutes = minute - answer.newest;
        answer.atMinute = minute;
      }
  }
  return new Map(
    questions.map(({ name }, index) => [name, answers[index] ?? { worstMinutes: 0, atMinute: 0 }]),
  );
}

function isDue({ dialect, hours, minute, weekdays }: Times, clock: WallClock, tick: number): boolean {
  const shown = clock.minuteOfDay[tick] ?? 0;
  if (shown % 60 !== minute || !hours.includes((shown - minute) / 60)) return false;
  if (dialect === "systemd" && clock.secondPass[tick] === 1) return false;
  return weekdays.length === 0 || weekdays.includes(clock.weekday[tick] ?? -1);
}

/** What local clocks show in each minute since the start. */
interface WallClock {
  readonly minuteOfDay: Uint16Array;
  readonly weekday: Uint8Array;
  /** 1 where clocks have shown this same local time once before. */
  readonly secondPass: Uint8Array;
}

const clocks = new Map<string, WallClock>();

/** Asks the runtime what clocks show at each quarter of an hour, and counts on from there. */
function wallClock(zone: string, fromMs: number, minutes: number): WallClock {
  const key = `${zone} ${fromMs} ${minutes}`;
  const known = clocks.get(key);
  if (known) return known;
  const clock = {
    minuteOfDay: new Uint16Array(minutes),
    weekday: new Uint8Array(minutes),
    secondPass: new Uint8Array(minutes),
  };
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "2-digit",
    month: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const seen = new Set<string>();
  for (let quarter = 0; quarter < minutes; quarter += 15) {
    const shown = format.format(fromMs + quarter * 60_000);
    const [hour = 0, minute = 0] = (/(\d\d):(\d\d)$/.exec(shown) ?? []).slice(1).map(Number);
    for (let tick = quarter; tick < Math.min(quarter + 15, minutes); tick++) {
      clock.minuteOfDay[tick] = hour * 60 + minute + tick - quarter;
      clock.weekday[tick] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(shown.slice(0, 3));
      clock.secondPass[tick] = seen.has(shown) ? 1 : 0;
    }
    seen.add(shown);
  }
  clocks.set(key, clock);
  return clock;
}
