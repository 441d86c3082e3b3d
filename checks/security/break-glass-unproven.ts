import { endOfDay } from "../../plan/calendar/time-zone";
import { keptOutside } from "../../plan/estate/kept-outside";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { isAhead, todayOf } from "../proof-day";
import { counted } from "../wording";

const proof = "holdfast break-glass verify";

export const breakGlassUnproven = defineCheck({
  code: "security/break-glass-unproven",
  severity: "warning",
  title: "Secrets are said to be kept outside, and nobody has proven it lately",
  why: "An envelope of which nobody knows whether it opens, or whether its passwords are still those of today, is found to be empty on the one day on which it is needed.",
  run: (plan, asOfMs) => {
    const count = keptOutside(plan.estate).length;
    if (count === 0) return [];
    const { breakGlass, zone } = plan.estate;
    const secrets = counted(count, "secret");
    const today = todayOf(plan.estate, asOfMs);
    if (!breakGlass)
      return [
        {
          subject: "break-glass",
          message: `${secrets} ${count === 1 ? "is" : "are"} kept in the break-glass set, and nothing says where that is or that anybody has opened it.`,
          fix: `Set breakGlass to { where: "…", proven: "${today}" }, once ${proof} has ended well.`,
          evidence: { secrets: count },
        },
      ];
    const { proven, every } = breakGlass;
    if (isAhead(proven, plan.estate, asOfMs)) return [inTheFuture(proven, today)];
    const overMs = asOfMs - endOfDay(proven, zone) - parseDuration(every);
    if (overMs <= 0) return [];
    return [
      {
        subject: "break-glass",
        message: `The break-glass set with ${secrets} was proven on ${proven}, and has to be every ${every}: over for ${formatDuration(overMs)}.`,
        fix: `Set breakGlass.proven to "${today}", once ${proof} has ended well.`,
        evidence: { secrets: count, proven, overForMs: overMs },
      },
    ];
  },
  examples: {
    bad: [
      mended(
        example("an envelope that nobody has ever opened", estate =>
          Reflect.deleteProperty(estate, "breakGlass"),
        ),
        {
          says: 'Set breakGlass to { where: "…", proven: "2026-11-01" }',
          edit: estate => (estate.breakGlass = { where: "bank safe 12", proven: "2026-11-01" }),
        },
      ),
      mended(
        example("one that was last opened a year ago", ({ breakGlass }) =>
          edit(breakGlass, { proven: "2025-11-01", every: "180d" }),
        ),
        {
          says: 'Set breakGlass.proven to "2026-11-01"',
          edit: ({ breakGlass }) => edit(breakGlass, { proven: "2026-11-01" }),
        },
      ),
      mended(
        example("a slip in the year", ({ breakGlass }) => edit(breakGlass, { proven: "2062-10-15" })),
        {
          says: "Set breakGlass.proven to the day on which it was proven",
          edit: ({ breakGlass }) => edit(breakGlass, { proven: "2026-10-15" }),
        },
      ),
    ],
    good: [
      example("one that is proven each year, eleven months ago", ({ breakGlass }) =>
        edit(breakGlass, { proven: "2025-12-01", every: "365d" }),
      ),
    ],
  },
});

function inTheFuture(proven: string, today: string): Found {
  return {
    subject: "break-glass",
    message: `The break-glass set is said to have been proven on ${proven}, and today is ${today}: until then nothing would tell that it is overdue.`,
    fix: "Set breakGlass.proven to the day on which it was proven.",
    evidence: { proven, today },
  };
}
