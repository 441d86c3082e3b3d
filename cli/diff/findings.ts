import { addTo } from "../../plan/add-to";
import { type Finding, keyOf } from "../../checks";
import type { Part } from "./part";

/** Findings that only one of the estates has, by code and subject. */
export function findingPart(before: readonly Finding[], after: readonly Finding[]): Part {
  const appeared = without(after, before);
  const gone = without(before, after);
  const causes = new Set(appeared.map(keyOf));
  // What follows from another new one is gone with that.
  const told = appeared.filter(({ follows }) => follows === undefined || !causes.has(follows));
  const following = appeared.length - told.length;
  return {
    key: "findings",
    title: "Findings of `holdfast check`",
    head: ["", "severity", "code", "subject", "says"],
    rows: [
      ...told.map(finding => ["new", ...cellsOf(finding)]),
      ...(following > 0
        ? [
            [
              "new",
              "",
              "",
              "",
              `and ${following} more that ${following === 1 ? "follows" : "follow"} from these`,
            ],
          ]
        : []),
      ...gone.map(finding => ["gone", ...cellsOf(finding)]),
    ],
    json: [
      ...appeared.map(finding => ({ change: "new", ...finding })),
      ...gone.map(finding => ({ change: "gone", ...finding })),
    ],
    isWorse: appeared.some(({ severity }) => severity === "error"),
  };
}

function cellsOf({ severity, code, subject, message }: Finding): string[] {
  return [severity, code, subject, message];
}

/** One that is softened or no longer softened is another one. */
function without(findings: readonly Finding[], others: readonly Finding[]): Finding[] {
  const known = new Map<string, Finding[]>();
  for (const other of others) addTo(known, nameOf(other), other);
  return findings.filter(finding => known.get(nameOf(finding))?.pop() === undefined);
}

function nameOf(finding: Finding): string {
  return `${finding.severity} ${keyOf(finding)}`;
}
