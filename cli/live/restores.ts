import type { Finding } from "../../checks";
import { listed } from "../../checks/wording";
import type { TimesAsked } from "../drill/asked";
import { isLate, lateFix, lateText } from "../drill/late";
import type { PromisedTime } from "../drill/measured";

/** What drills have found out: copies that didn't come back, and promises that can't hold at the rates that they measured. Pure. */
export function restoreFindings({
  times,
  failed,
  faults,
}: Pick<TimesAsked, "times" | "failed" | "faults">): Finding[] {
  return [
    ...faults.map((fault): Finding => ({
      ...{ code: "live/drill-record", severity: "error", subject: fault.slice(0, fault.indexOf(":")) },
      message: `${fault}: what drills have proved and measured there is not to be relied on.`,
      fix: "holdfast evidence says which records are sound.",
      evidence: {},
    })),
    ...failed.map(({ from, at }): Finding => ({
      ...{ code: "live/restore-failed", severity: "error", subject: from },
      message: `${from} did not come back as it is to be when it was drilled last, ${at}: until it is proved, nobody is to count on it.`,
      fix: "holdfast evidence tells why. Until it is proved, take another version (holdfast find lists them), or mend it as the page of the alert tells.",
      evidence: { at },
    })),
    ...[...lateOf(times)].map(([subject, [worst, ...others]]): Finding => {
      const { promisedMs, measuredMs, togetherMs, together } = worst;
      const also = others.map(({ domain }) => domain);
      return {
        ...{ code: "live/restore-too-slow", severity: "error", subject },
        message: `${lateText(worst)}.${also.length > 0 ? ` It is too late after ${listed(also)} too.` : ""}`,
        fix: `Do one of these: ${lateFix(worst)}. holdfast drill --report has the arithmetic of each copy.`,
        evidence: {
          ...{ promisedMs, disasters: [worst.domain, ...also] },
          ...(measuredMs !== undefined && { measuredMs }),
          ...(togetherMs !== undefined && { togetherMs, together }),
        },
      };
    }),
  ];
}

/** Each service that is late, with the disaster after which it is the latest first. */
function lateOf(times: readonly PromisedTime[]): Map<string, [PromisedTime, ...PromisedTime[]]> {
  const backMs = ({ measuredMs = 0, togetherMs = 0 }: PromisedTime): number =>
    Math.max(measuredMs, togetherMs);
  const late = new Map<string, [PromisedTime, ...PromisedTime[]]>();
  for (const time of times.filter(isLate).sort((a, b) => backMs(b) - backMs(a)))
    late.set(time.service, [...(late.get(time.service) ?? []), time] as [PromisedTime, ...PromisedTime[]]);
  return late;
}
