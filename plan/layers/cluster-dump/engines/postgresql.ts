import { z } from "zod";
import { account, databases, type Engine } from "./engine";

export const postgresql = {
  spec: z.strictObject({ engine: z.literal("postgresql"), databases, ...account(5432) }),
  scripts: "postgresql",
  script: which => (which === "each" ? "databases" : "server"),
  scratch: false,
} satisfies Engine;
