import { resolve } from "node:path";
import { z } from "zod";
import { boardsOf } from "../../alerts/boards";
import { counted } from "../../checks/wording";
import { type Plan, planOf } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { BadInput } from "../bad-input";
import { type CommandSpec, type Context, estateFlags, estateOptions } from "../command";
import { boardMark, boardPage } from "../dashboards/page";
import { linesOf as queried } from "../dashboards/prometheus";
import { namedBy, readEstate } from "../estate-source";
import { differencesOf, linesOf, type OwnFiles, writeOwn } from "../own-files";
import { writePage } from "../report/file";

const options = z.object({
  ...estateOptions,
  to: z.string().optional(),
  check: z.boolean().default(false),
  page: z.string().min(1, 'expected a file, e.g. "overview.html"').optional(),
  prometheus: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) URL, e.g. "http://192.168.1.10:9090"' })
    .optional(),
});
type Options = z.output<typeof options>;

/** `holdfast dashboards`: an estate's dashboards for Grafana, as files that it imports or is provisioned with; and the overview as a page to look at. */
export const dashboards: CommandSpec<Options> = {
  name: "dashboards",
  summary:
    "Write the dashboards for Grafana: one of the whole estate, and one a layer; or the first as a page",
  flags: [
    ...estateFlags,
    ["--to <folder>", "where the files lie; others there stay as they are"],
    ["--check", "change nothing, and end with 1 where they are not those of the estate"],
    ["--page <file>", "the overview as one page with pictures, of what Prometheus has; no Grafana is needed"],
    ["--prometheus <url>", "where that answers (by default monitoring.prometheus of the estate)"],
  ],
  options,
  async run(given, context) {
    const { to, page } = given;
    if (to === "") throw new BadInput('--to: it is empty, expected a folder, e.g. "dashboards".');
    if ((to === undefined) === (page === undefined))
      throw new BadInput(
        'expected one of two: --to with a folder for the files, e.g. "dashboards"; or --page with a file for a page, e.g. "overview.html".',
      );
    const plan = planOf(await readEstate(given, context));
    return to === undefined
      ? lookedAt({ ...given, page: page ?? "" }, plan, context)
      : filed({ ...given, to }, plan, context);
  },
};

async function filed(
  { stack, estate, json, to, check }: Options & { to: string },
  plan: Plan,
  context: Context,
) {
  const folder = resolve(context.folder, to);
  // Grafana's SDK takes a while to load, and no other command needs it.
  const { grafanaJson } = await import("../../components/dashboards/grafana");
  const boards = boardsOf(plan);
  const own: OwnFiles = {
    command: "dashboards",
    files: boards.map(board => ({ path: `${board.uid}.json`, text: grafanaJson(board) })),
    folders: [""],
    ending: ".json",
    isOurs: (path, text) => isOurs(path, text, plan.estate.name),
  };
  const differences = differencesOf(folder, own);
  const isCurrent = linesOf(differences, check).length === 0;
  if (!check) writeOwn(folder, own, differences);
  const next = ["holdfast dashboards", ...namedBy({ stack, estate }, context), "--to", to];
  return {
    text: json
      ? JSON.stringify({ folder, dashboards: boards.length, ...differences }, undefined, 2)
      : [
          ...linesOf(differences, check),
          check && !isCurrent
            ? `Next: ${[next[0], ...next.slice(1).map(shellWord)].join(" ")}`
            : `${folder}: ${counted(boards.length, "dashboard")}${check ? ", all of them those of the estate" : ""}.`,
        ].join("\n"),
    exitCode: check && !isCurrent ? 1 : 0,
  };
}

/** What the dashboards look back on, and how many points a line has at most. */
const [backS, points] = [7 * 86_400, 336] as const;

async function lookedAt(
  { json, page, prometheus }: Options & { page: string },
  plan: Plan,
  context: Context,
) {
  const url = prometheus ?? plan.estate.monitoring.prometheus;
  if (url === undefined)
    throw new BadInput(
      "--page: nothing says where Prometheus answers. Next: --prometheus http://…:9090, or monitoring.prometheus in the estate.",
    );
  const [board] = boardsOf(plan);
  if (!board) throw new BadInput("--page: the estate has no jobs, and so no dashboard.");
  const stepS = backS / points;
  // Prometheus gives points at multiples of the step alone where a span begins at one.
  const toS = Math.floor(context.nowMs / 1000 / stepS) * stepS;
  const causes = new Set<string>();
  const text = await boardPage({
    ...{ board, zone: plan.estate.zone, span: { fromS: toS - backS, toS, stepS } },
    async ask(expr, at) {
      const got = await queried(url, expr, at);
      if ("cause" in got) causes.add(got.cause);
      return got;
    },
  });
  const file = resolve(context.folder, page);
  writePage(file, text, { command: "dashboards", flag: "--page", mark: boardMark });
  return {
    text: json
      ? JSON.stringify({ file, bytes: Buffer.byteLength(text), faults: [...causes] }, undefined, 2)
      : [...causes, `${file}: written. Any browser opens it, also offline.`].join("\n"),
    exitCode: causes.size === 0 ? 0 : 3,
  };
}

const written = z.object({ uid: z.string(), tags: z.tuple([z.literal("holdfast"), z.string()]) });

/** A dashboard says whose it is, and a copy under another name is somebody's own. */
function isOurs(path: string, text: string, estate: string): boolean {
  try {
    const { uid, tags } = written.parse(JSON.parse(text));
    return path === `${uid}.json` && tags[1] === estate;
  } catch {
    return false;
  }
}
