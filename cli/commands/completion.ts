import type { Command } from "commander";
import { z } from "zod";
import type { CommandSpec } from "../command";
import { completionOf, shells } from "../completion";

const options = z.object({ shell: z.enum(shells) });

/** `holdfast completion`: a script by which a shell completes its words. @param program all other commands */
export function completion(program: Command): CommandSpec<z.output<typeof options>> {
  return {
    name: "completion",
    summary: "Print a script by which your shell completes commands and flags",
    argument: ["<shell>", shells.join(", ")],
    flags: [],
    options,
    run: ({ shell }) =>
      Promise.resolve({ text: completionOf(program, shell).trimEnd(), exitCode: 0, isScript: true }),
  };
}
