import { resolve } from "node:path";
import { z } from "zod";
import { counted } from "../../checks/wording";
import { shellWord } from "../../plan/contracts/shell-word";
import { planOf } from "../../plan";
import { BadInput } from "../bad-input";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { differencesOf, linesOf, type OwnFiles, writeOwn } from "../own-files";
import { markOf, runbookPages } from "../../components/runbooks/pages";

const options = z.object({ ...estateOptions, to: z.string(), check: z.boolean().default(false) });

/** `holdfast runbooks`: an estate's pages for whoever is woken. */
export const runbooks: CommandSpec<z.output<typeof options>> = {
  name: "runbooks",
  summary:
    "Write the pages for whoever is woken: what happened, what is lost, and what brings each service back",
  flags: [
    ...estateFlags,
    ["--to <folder>", "where the pages lie; other files there stay as they are"],
    ["--check", "change nothing, and end with 1 where they are not those of the estate"],
  ],
  required: ["to"],
  options,
  async run({ stack, estate, json, to, check }, context) {
    if (to === "") throw new BadInput('--to: it is empty, expected a folder, e.g. "runbooks".');
    const folder = resolve(context.folder, to);
    const named = namedBy({ stack, estate }, context);
    const plan = planOf(await readEstate({ stack, estate }, context));
    const pages = runbookPages({ plan, named });
    const own: OwnFiles = {
      command: "runbooks",
      files: pages,
      folders: ["", "disasters", "services", "from"],
      ending: ".md",
      // Its first line names the very page: a copy of one under another name, with somebody's notes, is theirs.
      isOurs: (path, text) => text.startsWith(markOf(path, plan.estate.name)),
    };
    const differences = differencesOf(folder, own);
    const isCurrent = linesOf(differences, check).length === 0;
    if (!check) writeOwn(folder, own, differences);
    const next = ["holdfast runbooks", ...named.map(shellWord), "--to", shellWord(to)];
    return {
      text: json
        ? JSON.stringify({ folder, pages: pages.length, ...differences }, undefined, 2)
        : [
            ...linesOf(differences, check),
            check
              ? isCurrent
                ? `${folder}: ${counted(pages.length, "page")}, all of them those of the estate.`
                : `Next: ${next.join(" ")}`
              : `${folder}: ${counted(pages.length, "page")}; begin with README.md.`,
          ].join("\n"),
      exitCode: check && !isCurrent ? 1 : 0,
    };
  },
};
