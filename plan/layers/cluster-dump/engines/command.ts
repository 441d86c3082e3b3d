import { z } from "zod";
import { address, image, name } from "../../../estate/fields";
import { dumpedBefore, type Engine } from "./engine";

/** A text that a shell runs; what a person types it in has no null bytes. */
const command = z
  .string()
  .min(1, "is empty. Expected a command")
  .refine(text => !text.includes("\0"), "has a null byte, which no shell reads. Expected a command");

/** What this layer has no engine for: by commands of the estate's own. */
export const ownCommand = {
  spec: z.strictObject({
    engine: z.literal("command").describe("Whose client makes it"),
    image: image.describe("Image with the programs that the commands name, and a shell"),
    make: command.describe(
      "Writes the dump to its standard output, and ends with 0 only where all of it is there. The password is in $PASSWORD_FILE; $SCRATCH is a folder on a disk",
    ),
    check: command.describe(
      "Reads a dump from its standard input, and prints how many of each kind of thing it has: a number, a tab, and a name; at least one line. Ends with 0 only for a whole one.",
    ),
    restore: command
      .optional()
      .describe(
        "Reads a dump from its standard input and puts it in the place of what is there. Without it, by hand",
      ),
    server: z
      .strictObject({
        host: address.describe("Its service, or a node's own address"),
        port: z.int().min(1).max(65535).describe("Port that it answers on"),
        namespace: name.optional().describe("Namespace of its pods: a dump's pod reaches nothing else"),
      })
      .optional()
      .describe("What the commands reach: $DATABASE_HOST and $DATABASE_PORT. Without it, nothing"),
    secret: name.optional().describe("Secret with a password, or what else lets its client in"),
  }),
  scripts: "command",
  script: () => "server",
  scratch: true,
  wayBack: dumpedBefore,
} satisfies Engine;
