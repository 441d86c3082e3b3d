import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const restoreCycle = defineCheck({
  code: "promises/restore-cycle",
  severity: "error",
  title: "Services need one another to be restored",
  why: "An estate that starts from nothing has to start somewhere. A circle of needs is found on the night on which nothing runs.",
  run: plan =>
    cyclesOf(
      new Map(Object.entries(plan.estate.services).map(([name, { needs }]) => [name, needs] as const)),
    ).map(cycle => {
      const circle = [...cycle, cycle[0] ?? ""];
      return {
        subject: cycle[0] ?? "",
        message:
          cycle.length === 1
            ? `${circle[0] ?? ""} needs itself to be restored: there is no first step.`
            : `${circle.join(" needs ")}: none of the ${cycle.length} can be restored first.`,
        fix: `Remove one of the needs (${circle
          .slice(1)
          .map((needed, index) => `"${needed}" of ${circle[index] ?? ""}`)
          .join(", ")}), and write down how that one starts without the other.`,
        evidence: { cycle: circle },
      };
    }),
  examples: {
    bad: [
      mended(
        example("a password store and a database that need one another", ({ services }) =>
          edit(services.etcd, { needs: ["vault"] }),
        ),
        { says: '"vault" of etcd', edit: ({ services }) => edit(services.etcd, { needs: [] }) },
      ),
      mended(
        example("a service that needs itself", ({ services }) => edit(services.books, { needs: ["books"] })),
        { says: '"books" of books', edit: ({ services }) => edit(services.books, { needs: [] }) },
      ),
    ],
    good: [example("a chain with a first service")],
  },
});

/** One circle for each group of things that need one another, each beginning with its first name. */
export function cyclesOf(needs: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const at = path.indexOf(name);
    if (at >= 0) {
      cycles.push(path.slice(at));
      return;
    }
    if (done.has(name)) return;
    for (const needed of needs.get(name) ?? []) visit(needed, [...path, name]);
    done.add(name);
  };
  for (const name of needs.keys()) visit(name, []);
  return cycles;
}
