import type { Finding } from "../checks";

/** Lines of errors that a preview shows before it refers to the command that shows all. */
const screenLines = 22;

/** The errors as one text that fits on a screen, grouped by code; undefined without an error. */
export function errorText(estate: string, findings: readonly Finding[]): string | undefined {
  const all = findings.filter(finding => finding.severity === "error");
  const errors = all.filter(({ follows }) => follows === undefined);
  if (all.length === 0) return undefined;
  const consequences = all.length - errors.length;
  const following = consequences === 0 ? "" : `, and ${count(consequences, "consequence")}`;
  const lines = [`${count(errors.length, "error")}${following} in estate "${estate}"; nothing was changed.`];
  let shown = 0;
  let code = "";
  for (const error of errors) {
    const more = [...(error.code === code ? [] : [`${error.code}`]), ...findingLines(error)];
    // One finding is shown whatever its length: a preview that only counts would help nobody.
    if (shown > 0 && lines.length + more.length > screenLines) break;
    lines.push(...more);
    code = error.code;
    shown += 1;
  }
  if (shown < errors.length) lines.push(moreText(errors.length - shown));
  return lines.join("\n");
}

/** A line for each warning, and one for those that don't fit. */
export function warningTexts(findings: readonly Finding[]): string[] {
  const warnings = findings.filter(finding => finding.severity === "warning");
  const shown = warnings.slice(0, 10).map(warning => `${warning.code}: ${warning.message} ${warning.fix}`);
  return warnings.length > shown.length ? [...shown, moreText(warnings.length - shown.length)] : shown;
}

function findingLines(finding: Finding): string[] {
  return [`  ${finding.message}`, `    Fix: ${finding.fix}`];
}

function moreText(hidden: number): string {
  return `${hidden} more: npm run holdfast -- check`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
