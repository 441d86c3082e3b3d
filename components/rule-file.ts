import { stringify } from "yaml";
import type { RuleGroup } from "../alerts/rules";

/** The rules as a file for a Prometheus without the operator (`rule_files:` of its configuration). */
export function ruleFile(groups: readonly RuleGroup[]): string {
  // Folded lines would make a one-line edit of an expression a diff of several.
  return stringify({ groups }, { lineWidth: 0 });
}
