import { createHash } from "node:crypto";
import type { Log } from "sarif";
import type { Finding } from "../checks";
import { catalogue } from "../checks";

/** The file that findings are about. */
export interface FindingsFile {
  /** From the folder of the call, which a workflow starts in the repository's root: code scanning takes no absolute path. */
  readonly path: string;
  readonly text: string;
}

/**
 * Findings in SARIF 2.1.0, as GitHub's code scanning takes them: each has a place in a file of the repository, and a
 * fingerprint by which it is known again when lines move. `Log` is generated from the standard's own schema: the compiler refuses
 * a field that it hasn't, or one that it asks for.
 */
export function sarifOf(findings: readonly Finding[], file: FindingsFile): Log {
  const codes = new Set(findings.map(finding => finding.code));
  const rules = catalogue.filter(check => codes.has(check.code));
  const lines = file.text.split("\n");
  const times = new Map<string, number>();
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
        results: findings.map(({ code, severity, subject, message, fix }) => {
          const key = `${code} ${subject}`;
          const time = (times.get(key) ?? 0) + 1;
          times.set(key, time);
          return {
            ruleId: code,
            ruleIndex: rules.findIndex(rule => rule.code === code),
            level: severity,
            message: { text: `${subject}: ${message} Fix: ${fix}` },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: encodeURI(file.path) },
                  region: { startLine: lineOf(subject, lines) },
                },
                logicalLocations: [{ name: subject }],
              },
            ],
            partialFingerprints: { "holdfastFinding/v1": fingerprint(`${key} ${time}`) },
          };
        }),
      },
    ],
  };
}

/** The first line that names what a finding is about, from 1; the file's first where none does. */
function lineOf(subject: string, lines: readonly string[]): number {
  const words = subject.split(/[^\w-]+/).filter(word => word !== "");
  const at = words.map(word => lines.findIndex(line => line.includes(word))).find(line => line >= 0);
  return (at ?? 0) + 1;
}

function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
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
