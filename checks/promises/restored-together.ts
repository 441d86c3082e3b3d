import type { Plan } from "../../plan";
import { backAlone, type Restored, restoreOrder } from "../../plan/graph/restore-order";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { type Group, groupsOf, waitingOf } from "../taken-together";
import { formatSize, listed } from "../wording";

export const restoredTogether = defineCheck({
  code: "promises/restored-together",
  severity: "error",
  title: "Each service is back in time alone, and not all of them together",
  why: "A fire takes all services at once, and they come back over one line. Each promise that was made by itself has the line to itself.",
  run: plan => {
    const worst = new Map<string, Late>();
    // promises/rto tells of what is late even by itself, and mending that gives the others time.
    const lateAlone = new Set<string>();
    for (const group of groupsOf(plan)) {
      const late = latestOf(group, plan, lateAlone);
      const known = late && worst.get(late.link);
      if (late && (!known || late.backMs - late.dueMs > known.backMs - known.dueMs))
        worst.set(late.link, late);
    }
    return [...worst.values()].filter(({ link }) => !lateAlone.has(link)).map(finding);
  },
  examples: {
    bad: [
      mended(
        example("books and photos that are both promised in two hours", ({ services }) => {
          edit(services.books, { promise: { rpo: { site: "33h" }, rto: "2h" } });
          edit(services.photos, { promise: { rpo: { site: "33h" }, rto: "2h" } });
        }),
        {
          says: "Promise photos more than 3 h",
          edit: ({ services }) =>
            edit(services.photos, { promise: { rpo: { site: "33h" }, rto: "3h 1min" } }),
        },
      ),
    ],
    good: [
      example("two that come one after the other", ({ services }) => {
        edit(services.books, { promise: { rpo: { site: "33h" }, rto: "1h" } });
        edit(services.photos, { promise: { rpo: { site: "33h" }, rto: "3h" } });
      }),
    ],
  },
});

interface Late extends Group {
  readonly link: string;
  readonly service: string;
  readonly backMs: number;
  readonly dueMs: number;
  readonly order: readonly Restored[];
  readonly bytes: number;
}

/**
 * The service that is latest against its promise, of those that would be in time alone.
 * @param lateAlone gets the links of the others
 */
function latestOf(group: Group, plan: Plan, lateAlone: Set<string>): Late | undefined {
  const { services, bytesByLink } = waitingOf(group, plan);
  const byName = new Map(services.map(waiting => [waiting.service, waiting]));
  const order = restoreOrder(services);
  let worst: Late | undefined;
  for (const { service, backMs } of order) {
    const waiting = byName.get(service);
    if (!waiting || backMs <= waiting.dueMs) continue;
    const [link = ""] = [...waiting.loads].sort(([, a], [, b]) => b.bytesMs - a.bytesMs)[0] ?? [];
    if (backAlone(waiting, byName) > waiting.dueMs) lateAlone.add(link);
    else if (worst && backMs - waiting.dueMs <= worst.backMs - worst.dueMs) continue;
    else
      worst = {
        ...group,
        ...{ link, service, backMs, order, bytes: bytesByLink.get(link) ?? 0 },
        dueMs: waiting.dueMs,
      };
  }
  return worst;
}

function finding({ domain, place, link, service, backMs, dueMs, order, bytes }: Late): Found {
  const names = order.map(each => each.service);
  const hours = Math.ceil(backMs / 3_600_000) * 3_600_000;
  return {
    subject: service,
    message: `After the disaster "${domain}" of ${place}, ${names.length} services come back, ${formatSize(bytes)} of them by the link ${link}; in the order of their promises (${listed(names)}) ${service} is back after ${formatDuration(backMs)}, and is promised in ${formatDuration(dueMs)}. Alone it is in time.`,
    fix: `Promise ${service} more than ${formatDuration(hours)}, keep a copy nearer, or raise the bandwidth of the link ${link}.`,
    evidence: {
      domain,
      place,
      link,
      order: names,
      backMs: Math.round(backMs),
      rtoMs: dueMs,
      sizeBytes: bytes,
    },
  };
}
