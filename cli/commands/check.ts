import picocolors from "picocolors";
import { z } from "zod";
import { type Finding, keyOf, runChecks } from "../../checks";
import { counted, listed } from "../../checks/wording";
import { planOf } from "../../plan";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { estateFile, namedBy, readWritten } from "../estate-source";
import { keyFlag } from "../host-shell";
import { clusterFlags, clusterOptions } from "../kubectl";
import { lookAround } from "../live";
import { placed, type Placed, placeText } from "../places";
import { annotationsOf, codeQualityOf, sarifOf } from "../reports";

const options = z.object({
  ...estateOptions,
  format: z.enum(["text", "json", "sarif", "github", "gitlab"]).default("text"),
  all: z.boolean().default(false),
  live: z.boolean().default(false),
  key: z.string().optional(),
  ...clusterOptions,
});

/** `holdfast check`: every finding, and whether the preview would fail. */
export const check: CommandSpec<z.output<typeof options>> = {
  name: "check",
  summary: "Everything that is wrong with an estate's plan, with numbers, a counterexample and a fix",
  flags: [
    ...estateFlags,
    ["--format <kind>", "text, json, sarif (code scanning), github (annotations) or gitlab (code quality)"],
    ["--live", "also what hosts and clusters say is there, which the estate may not name or cover"],
    keyFlag,
    ...clusterFlags,
    ["--all", "also each finding that follows from another one; in JSON they are all there"],
  ],
  options,
  async run({ stack, estate, json, format, all: every, live, key, kubeconfig, context: of }, context) {
    const { nowMs, terminal } = context;
    const file = estateFile({ stack, estate }, context);
    const written = await readWritten({ stack, estate }, context);
    const plan = planOf(written.estate);
    const asked = { estate: plan.estate, named: namedBy({ stack, estate }, context), key };
    const there = live
      ? await lookAround(asked, plan, { kubeconfig, context: of }, nowMs)
      : { findings: [], isWhole: true };
    const findings = [...runChecks(plan, nowMs), ...there.findings];
    const hasErrors = findings.some(finding => finding.severity === "error");
    const exitCode = hasErrors ? 1 : there.isWhole ? 0 : 3;
    if (json || format === "json") return { text: JSON.stringify(findings, undefined, 2), exitCode };
    const all = await placed(findings, plan, { file, input: written.input, folder: context.folder });
    switch (format) {
      case "sarif":
        return { text: JSON.stringify(sarifOf(told(all, every)), undefined, 2), exitCode };
      case "github":
        return { text: annotationsOf(told(all, every)), exitCode };
      case "gitlab":
        return { text: JSON.stringify(codeQualityOf(told(all, every)), undefined, 2), exitCode };
      case "text":
        return { text: findingsText(all, plan.jobs.length, { colours: terminal, every }), exitCode };
    }
  },
};

function findingsText(
  findings: readonly Placed[],
  jobs: number,
  { colours, every }: { readonly colours: boolean; readonly every: boolean },
): string {
  const colour = picocolors.createColors(colours);
  if (findings.length === 0) return `${jobs} jobs, no findings.`;
  const lines = findings
    .filter(({ follows }) => every || follows === undefined)
    .map(finding => {
      const { severity, code, subject, message, fix, follows, place } = finding;
      const told = follows === undefined ? [`Fix: ${fix}`] : [`Follows from ${follows}.`];
      const consequences = every ? [] : consequencesText(finding, findings);
      return (
        `${severity === "error" ? colour.red("error  ") : colour.yellow("warning")} ${code}  ${colour.bold(subject)}${place.line === undefined ? "" : `  ${placeText(place)}`}\n` +
        [message, ...told, ...consequences].map(line => `        ${line}\n`).join("")
      );
    });
  const errors = findings.filter(finding => finding.severity === "error").length;
  const live = findings.some(({ code }) => code.startsWith("live/"))
    ? "; those of live/ are in docs/live.md"
    : "";
  return `${lines.join("\n")}\n${counted(jobs, "job")}: ${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}. Nothing was changed. Each code has a page: docs/checks/<code>.md${live}`;
}

/** What a reader is told: causes, each with a line of what follows from it. */
function told(findings: readonly Placed[], every: boolean): Placed[] {
  if (every) return [...findings];
  return findings
    .filter(({ follows }) => follows === undefined)
    .map(finding => ({
      ...finding,
      fix: [finding.fix, ...consequencesText(finding, findings)].join(" "),
    }));
}

/** What is gone once a finding is mended, in a line. */
function consequencesText(cause: Finding, findings: readonly Finding[]): string[] {
  const follow = findings.filter(({ follows }) => follows === keyOf(cause));
  if (follow.length === 0) return [];
  const named = follow.map(({ code, subject }) => `${code} of ${subject}`);
  const count = follow.length === 1 ? "1 consequence, which goes" : `${follow.length} consequences, which go`;
  return [`${count} when it is mended (--all shows all): ${listed(named)}.`];
}
