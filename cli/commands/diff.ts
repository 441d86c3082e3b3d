import { relative } from "node:path";
import { z } from "zod";
import { runChecks } from "../../checks";
import { planOf } from "../../plan";
import type { CommandSpec } from "../command";
import { alertPart } from "../diff/alerts";
import { capacityPart } from "../diff/capacity";
import { lossPart, restorePart } from "../diff/cells";
import { editPart } from "../diff/edits";
import { findingPart } from "../diff/findings";
import { jobPart } from "../diff/jobs";
import { asMarkdown, asText } from "../diff/print";
import { promisePart } from "../diff/promises";
import { estateFile, readEstate, readOther } from "../estate-source";

const options = z.object({
  old: z.string(),
  new: z.string().optional(),
  format: z.enum(["text", "markdown", "json"]).default("text"),
  json: z.boolean().default(false),
});

/** `holdfast diff`: what follows from an edit of an estate, before it is deployed. */
export const diff: CommandSpec<z.output<typeof options>> = {
  name: "diff",
  summary: "What an edit changes: losses, promises, findings, the night, room, alerts and restores",
  argument: ["<old>", "the earlier estate: a file, or REVISION:PATH of git, as main:estate.ts"],
  second: ["[new]", "the later one, likewise (by default the folder's own estate.ts)"],
  flags: [
    ["--format <kind>", "text, markdown (for a pull request) or json"],
    ["--json", "for machines"],
  ],
  options,
  async run({ old, new: current, format, json }, context) {
    const { nowMs, folder } = context;
    const before = planOf(await readOther("OLD", old, context));
    const after = planOf(
      await (current === undefined ? readEstate({}, context) : readOther("NEW", current, context)),
    );
    const all = [
      promisePart(before, after),
      findingPart(runChecks(before, nowMs), runChecks(after, nowMs)),
      lossPart(before, after),
      restorePart(before, after),
      jobPart(before, after),
      capacityPart(before, after),
      alertPart(before, after),
      editPart(before.estate, after.estate),
    ];
    const isWorse = all.some(part => part.isWorse);
    const compared = {
      old,
      new: current ?? relative(folder, estateFile({}, context)),
      parts: all.filter(({ rows }) => rows.length > 0),
    };
    const facts = {
      ...{ old, new: compared.new, changed: compared.parts.length > 0, worse: isWorse },
      ...Object.fromEntries(all.map(({ key, json }) => [key, json])),
    };
    const exitCode = isWorse ? 1 : 0;
    switch (json ? "json" : format) {
      case "json":
        return { text: JSON.stringify(facts, undefined, 2), exitCode };
      case "markdown":
        return { text: asMarkdown(compared), exitCode };
      case "text":
        return { text: asText(compared), exitCode };
    }
  },
};
