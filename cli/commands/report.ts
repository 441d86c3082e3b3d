import { resolve } from "node:path";
import { z } from "zod";
import { planOf } from "../../plan";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { writeReport } from "../report/file";
import { noonOf } from "../report/moment";
import { reportPage } from "../report/page";

const options = z.object({
  ...estateOptions,
  to: z.string().min(1, 'expected a file, e.g. "holdfast-report.html"').default("holdfast-report.html"),
});

/** `holdfast report`: an estate as a page to look at. */
export const report: CommandSpec<z.output<typeof options>> = {
  name: "report",
  summary:
    "Write one page to look at: findings, losses against promises, the night, stores, what is kept, routes",
  flags: [
    ...estateFlags,
    [
      "--to <file>",
      "where the page goes (by default holdfast-report.html); an earlier report there is replaced",
    ],
  ],
  options,
  async run({ stack, estate, json, to }, context) {
    const plan = planOf(await readEstate({ stack, estate }, context));
    const file = resolve(context.folder, to);
    const page = reportPage({
      ...{ plan, named: namedBy({ stack, estate }, context) },
      asOfMs: noonOf(context.nowMs, plan.estate.zone),
    });
    writeReport(file, page);
    return {
      text: json
        ? JSON.stringify({ file, bytes: Buffer.byteLength(page) }, undefined, 2)
        : `${file}: written. Any browser opens it, also offline.`,
      exitCode: 0,
    };
  },
};
