import { z } from "zod";
import { account, backByName, databases, drill, type Engine } from "./engine";

export const postgresql = {
  spec: z.strictObject({
    engine: z.literal("postgresql").describe("Whose client makes it"),
    databases,
    ...account(5432),
    ...drill,
  }),
  scripts: "postgresql",
  script: which => (which === "each" ? "databases" : "server"),
  scratch: false,
  wayBack: {
    changes:
      "each database is as its newest good dump has it; what it was is there under another name. What is connected to it is stopped before, or it is refused",
    undo: backByName,
  },
} satisfies Engine;
