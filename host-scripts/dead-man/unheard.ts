import { readFileSync } from "node:fs";
import { effectiveStateMetricNames } from "../../plan/contracts/effective-state";

const differing = new RegExp(
  `^${effectiveStateMetricNames.differs}[{]kind="(rules|route)",subject="(.*)"[}] 1$`,
  "gm",
);

/**
 * What tells people of anything and isn't as it is declared, by the last look; a line each. An alert about it is one of those that may
 * be gone.
 */
export function unheard(textfile: string): string[] {
  let text: string;
  try {
    text = readFileSync(textfile, "utf8");
  } catch {
    // A host whose look hasn't come yet owes nothing; one whose look fails is told of as a job.
    return [];
  }
  return [...text.matchAll(differing)].map(
    ([, kind, subject]) =>
      `${kind === "rules" ? "Prometheus" : "Alertmanager"} hasn't ${subject} as it is declared: its alerts may be told by nobody`,
  );
}
