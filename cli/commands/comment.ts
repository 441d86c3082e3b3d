import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import type { CommandSpec, Context } from "../command";
import { ownComment, type Request, requestOf, writeComment } from "../comment/request";

const options = z.object({
  diff: z.string().min(1, "expected a file"),
  preview: z.string().min(1, "expected a file").optional(),
  json: z.boolean().default(false),
});

/** By which the comment is found again. Markdown shows nothing of it. */
const mark = "<!-- holdfast -->\n";

/** `holdfast comment`: what a request changes, as the one comment on it, which each run of its pipeline writes anew. */
export const comment: CommandSpec<z.output<typeof options>> = {
  name: "comment",
  summary: "In a pipeline of GitHub or GitLab: put a diff and a preview on its request, as one comment",
  argument: ["<diff>", "what `holdfast diff --format markdown` said, as a file"],
  second: ["[preview]", "what `pulumi preview` said, as a file"],
  flags: [["--json", "for machines"]],
  options,
  async run({ diff, preview, json }, context) {
    const request = requestOf(process.env);
    const body = bodyOf(
      textIn(diff, context),
      preview === undefined ? "" : textIn(preview, context),
      request,
    );
    const there = await ownComment(request, mark.trimEnd());
    const written = "cause" in there ? there : await writeComment(request, there.id, body);
    const isNew = !("cause" in there) && there.id === undefined;
    if ("cause" in written) {
      const says = `The comment on ${request.called} couldn't be written: ${written.cause}. Nothing else was changed.`;
      return { text: json ? JSON.stringify({ state: "unknown", says }, undefined, 2) : says, exitCode: 3 };
    }
    const state = isNew ? "written" : "renewed";
    return {
      text: json
        ? JSON.stringify({ state, request: request.called }, undefined, 2)
        : `The comment on ${request.called} is ${state}.`,
      exitCode: 0,
    };
  },
};

function textIn(file: string, { folder }: Context): string {
  try {
    return readFileSync(resolve(folder, file), "utf8");
  } catch (error) {
    throw new BadInput(`comment: ${errorText(error)}.`);
  }
}

/** The diff is whole where it fits, and what is left is the preview's; where that is nothing, it is said. */
function bodyOf(diff: string, preview: string, { most, commit }: Request): string {
  const end = `\n\nOf commit ${commit}.\n`;
  const besides = mark.length + cutText.length + end.length + noRoom.length;
  const said = `${mark}${cut(diff.trimEnd(), most - besides)}${end}`;
  if (preview === "") return said;
  // A fence that the text itself may have ends nothing.
  const longest = Math.max(2, ...[...preview.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const around = (text: string): string =>
    `${said}\n<details><summary>What pulumi up would do</summary>\n\n${fence}\n${text}\n${fence}\n\n</details>\n`;
  const left = most - around("").length - cutText.length;
  return left > 0 ? around(cut(preview.trimEnd(), left)) : `${said}${noRoom}`;
}

const noRoom = "\nWhat pulumi up would do has no room here: the run's artifacts have it.\n";
/** A line of its own, also behind a row of a table. */
const cutText = "\n\n… the run's artifacts have all of it";

function cut(text: string, most: number): string {
  // Half of a character is none that JSON could have.
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}${cutText}`;
}
