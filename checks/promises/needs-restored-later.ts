import type { Estate } from "../../plan";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed } from "../wording";

export const needsRestoredLater = defineCheck({
  code: "promises/needs-restored-later",
  severity: "error",
  title: "A service is promised earlier than what it needs",
  why: "A service can't be back before its database is. Promises that are made one by one contradict one another in the order of a restore.",
  run: plan => {
    const { services } = plan.estate;
    const needing = needingBy(services);
    return Object.entries(services).flatMap(([needed, { promise }]) => {
      // What has no promise at all is promises/no-promise's.
      if (!promise) return [];
      const neededMs = promise.rto === undefined ? Infinity : parseDuration(promise.rto);
      const earlier = (needing.get(needed) ?? []).filter(({ rtoMs }) => rtoMs < neededMs);
      if (earlier.length === 0) return [];
      const names = earlier.map(({ name }) => name);
      const soonestMs = Math.min(...earlier.map(({ rtoMs }) => rtoMs));
      const when = promise.rto === undefined ? "without a time" : `in ${formatDuration(neededMs)}`;
      return [
        {
          subject: needed,
          message: `${needed} is promised ${when}, but ${listed(names)}, which ${names.length === 1 ? "needs" : "need"} it, in ${formatDuration(soonestMs)}.`,
          fix: `Promise ${needed} in ${formatDuration(soonestMs)} at most, or ${listed(names)} later.`,
          evidence: {
            neededBy: names,
            soonestRtoMs: soonestMs,
            ...(promise.rto === undefined ? {} : { rtoMs: neededMs }),
          },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("a cluster's state that comes back after what runs on it", ({ services }) =>
          edit(services.etcd, { promise: { rpo: { site: "33h" }, rto: "12h" } }),
        ),
        {
          says: "Promise etcd in 8 h at most",
          edit: ({ services }) => edit(services.etcd?.promise, { rto: "8h" }),
        },
        {
          says: "vault, nextcloud later",
          edit: ({ services }) => {
            edit(services.vault?.promise, { rto: "12h" });
            edit(services.nextcloud?.promise, { rto: "12h" });
          },
        },
      ),
      mended(
        example("a needed service without a time", ({ services }) =>
          edit(services.etcd, { promise: { rpo: { site: "33h" } } }),
        ),
        {
          says: "Promise etcd in 8 h at most",
          edit: ({ services }) => edit(services.etcd?.promise, { rto: "8h" }),
        },
      ),
    ],
    good: [example("what is needed comes first, or at the same time")],
  },
});

/** Services by what they need, each with the time that it is promised in. */
function needingBy(services: Estate["services"]): Map<string, { name: string; rtoMs: number }[]> {
  const found = new Map<string, { name: string; rtoMs: number }[]>();
  for (const [name, { needs, promise }] of Object.entries(services))
    for (const needed of needs) {
      if (needed === name) continue;
      const rtoMs = promise?.rto === undefined ? Infinity : parseDuration(promise.rto);
      const known = found.get(needed) ?? [];
      known.push({ name, rtoMs });
      found.set(needed, known);
    }
  return found;
}
