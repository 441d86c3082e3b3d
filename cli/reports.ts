import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Log } from "sarif";
import { catalogue } from "../checks";
import type { Placed } from "./places";

/**
 * Findings in SARIF 2.1.0, as GitHub's code scanning takes them: each has a place in a file of the repository, and a
 * fingerprint by which it is known again when lines move. `Log` is generated from the standard's own schema: the compiler refuses
 * a field that it hasn't, or one that it asks for.
 */
export function sarifOf(findings: readonly Placed[]): Log {
  const codes = new Set(findings.map(finding => finding.code));
  const rules = catalogue.filter(check => codes.has(check.code));
  const fingerprints = fingerprintsOf(findings);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "holdfast",
            rules: rules.map(({ code, severity, title, why }) => ({
              id: code,
              shortDescription: { text: title },
              fullDescription: { text: why },
              defaultConfiguration: { level: severity },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map(({ code, severity, subject, message, fix, place }, index) => ({
          ruleId: code,
          ruleIndex: rules.findIndex(rule => rule.code === code),
          level: severity,
          message: { text: `${subject}: ${message} Fix: ${fix}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(place.file) },
                // Code scanning asks for a line: where none is known, the file is meant.
                region: {
                  startLine: place.line ?? 1,
                  ...(place.column === undefined ? {} : { startColumn: place.column }),
                },
              },
              logicalLocations: [{ name: subject }],
            },
          ],
          partialFingerprints: { "holdfastFinding/v1": fingerprints[index] ?? "" },
        })),
      },
    ],
  };
}

/** A path's own "#", "?" and ":" are no parts of a URI; a file that isn't below the folder of the call is meant as that very one. */
function uriOf(file: string): string {
  return isAbsolute(file) ? pathToFileURL(file).href : file.split("/").map(encodeURIComponent).join("/");
}

/** By what a finding is known again when lines move: its code and subject, and which of several alike it is. */
function fingerprintsOf(findings: readonly Placed[]): string[] {
  const times = new Map<string, number>();
  return findings.map(({ code, subject }) => {
    const key = `${code} ${subject}`;
    const time = (times.get(key) ?? 0) + 1;
    times.set(key, time);
    return createHash("sha256").update(`${key} ${time}`).digest("hex").slice(0, 32);
  });
}

/** Findings as workflow commands that GitHub shows in a pull request. */
export function annotationsOf(findings: readonly Placed[]): string {
  return findings
    .map(({ severity, code, subject, message, fix, place: { file, line, column } }) => {
      const properties = { file, line, col: column, title: `${code} ${subject}` };
      const said = Object.entries(properties).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${property(String(value))}`],
      );
      return `::${severity} ${said.join(",")}::${escaped(`${message} Fix: ${fix}`)}`;
    })
    .join("\n");
}

/** Findings as GitLab's code quality report has them (`artifacts: reports: codequality`). */
export function codeQualityOf(findings: readonly Placed[]): object[] {
  const fingerprints = fingerprintsOf(findings);
  return findings.map(({ severity, code, subject, message, fix, place }, index) => ({
    description: `${subject}: ${message} Fix: ${fix}`,
    check_name: code,
    fingerprint: fingerprints[index],
    severity: severity === "error" ? "major" : "minor",
    location: { path: place.file, lines: { begin: place.line ?? 1 } },
  }));
}

/** GitHub's toolkit, packages/core/src/command.ts: what a message may not hold as it is. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
