import { resolve } from "node:path";
import { z } from "zod";
import { planOf } from "../../plan";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { keyFlag } from "../host-shell";
import { clusterFlags, clusterOptions } from "../kubectl";
import { writePage } from "../report/file";
import { liveOf } from "../report/live";
import { noonOf } from "../report/moment";
import { reportMark, reportPage } from "../report/page";

const options = z.object({
  ...estateOptions,
  live: z.boolean().default(false),
  key: z.string().optional(),
  ...clusterOptions,
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
      "--live",
      "also what hosts and clusters say now: how all stands, what is there, which restores were proved",
    ],
    keyFlag,
    ...clusterFlags,
    [
      "--to <file>",
      "where the page goes (by default holdfast-report.html); an earlier report there is replaced",
    ],
  ],
  options,
  async run({ stack, estate, json, to, live: isLive, key, kubeconfig, context: of }, context) {
    const plan = planOf(await readEstate({ stack, estate }, context));
    const file = resolve(context.folder, to);
    const { nowMs } = context;
    const named = namedBy({ stack, estate }, context);
    const asked = { estate: plan.estate, named, key };
    const live = isLive ? await liveOf(asked, plan, { kubeconfig, context: of }, nowMs) : undefined;
    const page = reportPage({ plan, named, asOfMs: noonOf(nowMs, plan.estate.zone), live });
    writePage(file, page, { command: "report", flag: "--to", mark: reportMark });
    const isWhole = live?.isWhole ?? true;
    return {
      text: json
        ? JSON.stringify({ file, bytes: Buffer.byteLength(page), ...(live && { isWhole }) }, undefined, 2)
        : `${file}: written. Any browser opens it, also offline.${isWhole ? "" : " Not all answered; the page says who didn't, and why."}`,
      exitCode: isWhole ? 0 : 3,
    };
  },
};
