import { readFileSync } from "node:fs";
import { relative } from "node:path";
import picocolors from "picocolors";
import { z } from "zod";
import { type Finding, runChecks } from "../../checks";
import { planOf } from "../../plan";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { estateFile, readEstate } from "../estate-source";
import { annotationsOf, type FindingsFile, sarifOf } from "../reports";

const options = z.object({
  ...estateOptions,
  format: z.enum(["text", "json", "sarif", "github"]).default("text"),
});

/** `holdfast check`: every finding, and whether the preview would fail. */
export const check: CommandSpec<z.output<typeof options>> = {
  name: "check",
  summary: "Everything that is wrong with an estate's plan, with numbers, a counterexample and a fix",
  flags: [...estateFlags, ["--format <kind>", "text, json, sarif (code scanning) or github (annotations)"]],
  options,
  async run({ stack, estate, json, format }, context) {
    const { nowMs, terminal } = context;
    const file = estateFile({ stack, estate }, context);
    const plan = planOf(await readEstate({ stack, estate }, context));
    const findings = runChecks(plan, nowMs);
    const exitCode = findings.some(finding => finding.severity === "error") ? 1 : 0;
    switch (json ? "json" : format) {
      case "json":
        return { text: JSON.stringify(findings, undefined, 2), exitCode };
      case "sarif":
        return {
          text: JSON.stringify(sarifOf(findings, fileOf(file, context.folder)), undefined, 2),
          exitCode,
        };
      case "github":
        return { text: annotationsOf(findings), exitCode };
      case "text":
        return { text: findingsText(findings, plan.jobs.length, terminal), exitCode };
    }
  },
};

function fileOf(file: string, folder: string): FindingsFile {
  return { path: relative(folder, file), text: readFileSync(file, "utf8") };
}

function findingsText(findings: readonly Finding[], jobs: number, colours: boolean): string {
  const colour = picocolors.createColors(colours);
  if (findings.length === 0) return `${jobs} jobs, no findings.`;
  const lines = findings.map(
    ({ severity, code, subject, message, fix }) =>
      `${severity === "error" ? colour.red("error  ") : colour.yellow("warning")} ${code}  ${colour.bold(subject)}\n` +
      `        ${message}\n        Fix: ${fix}\n`,
  );
  const errors = findings.filter(finding => finding.severity === "error").length;
  return `${lines.join("\n")}\n${jobs} jobs: ${errors} errors, ${findings.length - errors} warnings. Each code has a page: docs/checks/<code>.md`;
}
