import { type Failure, messageOf } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import type { Answer, WayContext } from "../runtime/ways";
import { type Catalogue, type Compared, recordedUnit, type RecordedUnit } from "./recorded";

/** What a restore has put in its place. */
export interface RestoredCopy {
  readonly catalogue: Catalogue;
  /** What was restored, by names below the disk, each with its unit; byte by byte as latin1. */
  readonly paths: readonly { readonly unit: string; readonly path: string }[];
  /** As of a unit that is compared: nobody writes to the copy. */
  readonly isFixed: boolean;
  /** What to type where it isn't what was recorded. */
  readonly next: string;
}

/**
 * Compares the copy that a restore took with what is recorded of it. What rotted was copied rightly all the same, and whoever starts
 * what uses it has to know. It comes last: until then everything is in its place, and who can't wait may stop it.
 * @returns the restore's answer, as a failure that names what isn't what was recorded
 */
export async function judgeRestored(
  answer: Answer,
  { catalogue, paths, isFixed, next }: RestoredCopy,
  { stop, log }: Pick<WayContext<never>, "stop" | "log">,
): Promise<Answer> {
  if (catalogue.stateDir === undefined) return answer;
  const kept = "All of the copy is in its place, such files as they are.";
  const onFile = (name: string): void =>
    log.progress(`compares ${quoted(Buffer.from(name, "latin1"))} with what is recorded of it`);
  const units = new Map<string, RecordedUnit>();
  const bad: Compared["bad"][number][] = [];
  try {
    for (const { unit, path } of paths) {
      const recorded = units.get(unit) ?? recordedUnit(catalogue, unit, stop, { isFixed, onFile });
      units.set(unit, recorded);
      bad.push(...(await recorded.compare(path)).bad);
    }
  } catch (error) {
    const unread = `what is recorded of the copy can't be read: ${messageOf(error)}`;
    if (!stop.stopped) return asFailure(answer, { failed: unread, kept, next });
    log.warn("all is in its place; it was not compared with what is recorded of the copy");
    return answer;
  }
  const [first] = bad;
  if (!first) return answer;
  const name = quoted(Buffer.from(first.name, "latin1"));
  const text = `${bad.length} files of the copy are not what was recorded of them, first ${name}: ${first.reason}`;
  for (const { name, reason } of bad.slice(1, shown))
    log.warn(`${quoted(Buffer.from(name, "latin1"))}: ${reason}`);
  return asFailure(answer, { failed: text, kept, next });
}

const shown = 10;

function asFailure(answer: Answer, failure: Failure): Answer {
  const { failure: before } = answer;
  if (!before) return { ...answer, failure };
  return { ...answer, failure: { ...before, failed: `${before.failed}; ${failure.failed}` } };
}
