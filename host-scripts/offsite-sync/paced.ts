import { limitAt, type Pace } from "../../plan/contracts/pace";
import type { RsyncPass } from "../runtime/rsync";
import type { Offsite } from "./offsite";
import { reconnect } from "./remote";

/**
 * Sends as fast as the hour allows. Where that changes, the transfer is ended and goes on from there: what is sent of a file stays.
 * The bytes of what was ended are in no figure, as rsync counts at its end.
 * @param send one try, with arguments that limit it, which ends after `timeoutMs`
 */
export async function paced(
  run: Offsite,
  timeoutMs: number,
  send: (limit: readonly string[], timeoutMs: number) => Promise<RsyncPass>,
): Promise<RsyncPass> {
  const {
    config: { pace, destination },
    log,
  } = run;
  if (!pace) return send([], timeoutMs);
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const { bytesPerSecond, untilMs } = limitNow(pace, Date.now());
    const kib = bytesPerSecond === undefined ? undefined : Math.floor(bytesPerSecond / 1024);
    const upMs = Math.min(endMs, untilMs);
    const pass = await send(kib === undefined ? [] : [`--bwlimit=${kib}`], Math.max(1, upMs - Date.now()));
    if (pass.result.ended !== "timed-out" || upMs === endMs) return pass;
    log.info(
      `${destination.name}: from now on at ${limitNow(pace, Date.now()).bytesPerSecond ?? "any number of"} bytes a second; what was cut goes on`,
    );
    // It ended with what was cut.
    run.isSplit = true;
    await reconnect(run);
  }
}

/** What holds at an instant, and until which one, as epoch ms. */
export function limitNow(pace: Pace, nowMs: number): { bytesPerSecond: number | undefined; untilMs: number } {
  const atMs = timeOfDay(pace.zone, nowMs);
  const { bytesPerSecond, forMs } = limitAt(pace, atMs);
  // Where the clock is set meanwhile, the hour comes sooner or later.
  const setMs = timeOfDay(pace.zone, nowMs + forMs) - ((atMs + forMs) % dayMs);
  const nearest = setMs > dayMs / 2 ? setMs - dayMs : setMs < -dayMs / 2 ? setMs + dayMs : setMs;
  return { bytesPerSecond, untilMs: nowMs + forMs - nearest };
}

const dayMs = 86_400_000;

/** Ms since midnight by the clock of a zone. */
function timeOfDay(zone: string, epochMs: number): number {
  const clock = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone: zone, hourCycle: "h23" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  const [hours = 0, minutes = 0, seconds = 0] = clock.format(epochMs).split(":").map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + (epochMs % 1000);
}
