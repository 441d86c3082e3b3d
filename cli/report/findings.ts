import { type Finding, keyOf, runChecks } from "../../checks";
import { escaped } from "../html";
import type { Reported } from "./reported";

/** What `check` says, and of what is there where that was asked, what follows from another finding below that one. */
export function findingsPart({ plan, asOfMs, live }: Reported): string {
  const findings = [...runChecks(plan, asOfMs), ...(live?.findings ?? [])];
  if (findings.length === 0) return "<p>✓ No check has found anything.</p>";
  const causes = findings.filter(({ follows }) => follows === undefined);
  return `<ul class="findings">${causes.map(cause => findingItem(cause, findings)).join("\n")}</ul>`;
}

function findingItem(finding: Finding, all: readonly Finding[]): string {
  const { severity, code, subject, message, fix } = finding;
  const follow = all.filter(({ follows }) => follows === keyOf(finding));
  const more =
    follow.length === 0
      ? ""
      : `<details><summary>${follow.length} more, which ${follow.length === 1 ? "goes" : "go"} when it is mended</summary><ul>${follow.map(each => `<li><b>${escaped(each.subject)}</b> <code>${escaped(each.code)}</code> ${escaped(each.message)}</li>`).join("")}</ul></details>`;
  return `<li class="${severity}"><h3><span class="sign">${severity === "error" ? "✗ error" : "! warning"}</span> ${escaped(subject)} <code>${escaped(code)}</code></h3><p>${escaped(message)}</p><p>Fix: ${escaped(fix)}</p>${more}</li>`;
}
