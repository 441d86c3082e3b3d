import { z } from "zod";
import { account, drill, dumpedBefore, type Engine } from "./engine";

export const redis = {
  spec: z.strictObject({
    engine: z.literal("redis").describe("Whose client makes it"),
    ...account(6379),
    ...drill,
  }),
  scripts: "redis",
  script: () => "server",
  // A server beside it loads what it restores.
  scratch: true,
  wayBack: dumpedBefore,
} satisfies Engine;
