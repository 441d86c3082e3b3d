import { z } from "zod";
import { estateJsonSchema } from "../../plan/estate/json-schema";
import { BadInput } from "../bad-input";
import type { CommandSpec } from "../command";
import { type Field, fieldAt, fieldText } from "../explain";

const options = z.object({ field: z.string().default(""), json: z.boolean().default(false) });

/** `holdfast explain`: what a field of an estate means, and what may stand in it. */
export const explain: CommandSpec<z.output<typeof options>> = {
  name: "explain",
  summary: "What a field of an estate is, what may stand there, and the fields below it",
  argument: ["[field]", "e.g. services.photos.data or hosts.pve.disks; by default all of an estate"],
  flags: [["--json", "its JSON schema"]],
  options,
  run({ field, json }) {
    const root = estateJsonSchema() as Field;
    const found = fieldAt(root, field);
    if ("fault" in found) throw new BadInput(found.fault);
    return Promise.resolve({
      text: json ? JSON.stringify(found.field, undefined, 2) : fieldText(field, found),
      exitCode: 0,
    });
  },
};
