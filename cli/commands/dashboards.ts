import { resolve } from "node:path";
import { z } from "zod";
import { boardsOf } from "../../alerts/boards";
import { counted } from "../../checks/wording";
import { planOf } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { BadInput } from "../bad-input";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { differencesOf, linesOf, type OwnFiles, writeOwn } from "../own-files";

const options = z.object({ ...estateOptions, to: z.string(), check: z.boolean().default(false) });

/** `holdfast dashboards`: an estate's dashboards for Grafana, as files that it imports or is provisioned with. */
export const dashboards: CommandSpec<z.output<typeof options>> = {
  name: "dashboards",
  summary: "Write the dashboards for Grafana: one of the whole estate, and one a layer",
  flags: [
    ...estateFlags,
    ["--to <folder>", "where the files lie; others there stay as they are"],
    ["--check", "change nothing, and end with 1 where they are not those of the estate"],
  ],
  required: ["to"],
  options,
  async run({ stack, estate, json, to, check }, context) {
    if (to === "") throw new BadInput('--to: it is empty, expected a folder, e.g. "dashboards".');
    const folder = resolve(context.folder, to);
    const plan = planOf(await readEstate({ stack, estate }, context));
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
  },
};

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
