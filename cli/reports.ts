import type { Finding } from "../checks";
import { catalogue } from "../checks";

/** Findings in SARIF 2.1.0, for a pull request's code scanning. */
export function sarifOf(findings: readonly Finding[]): object {
  const codes = new Set(findings.map(finding => finding.code));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "holdfast",
            rules: catalogue
              .filter(check => codes.has(check.code))
              .map(check => ({
                id: check.code,
                shortDescription: { text: check.title },
                fullDescription: { text: check.why },
              })),
          },
        },
        results: findings.map(({ code, severity, subject, message, fix }) => ({
          ruleId: code,
          level: severity,
          message: { text: `${message} Fix: ${fix}` },
          locations: [{ logicalLocations: [{ name: subject }] }],
        })),
      },
    ],
  };
}

/** Findings as workflow commands that GitHub shows in a pull request. */
export function annotationsOf(findings: readonly Finding[]): string {
  return findings
    .map(
      ({ severity, code, subject, message, fix }) =>
        `::${severity} title=${property(`${code} ${subject}`)}::${escaped(`${message} Fix: ${fix}`)}`,
    )
    .join("\n");
}

/** GitHub's toolkit, packages/core/src/command.ts: what a message may not hold as it is. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
