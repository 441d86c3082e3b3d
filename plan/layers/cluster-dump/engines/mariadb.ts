import { z } from "zod";
import { account, databases, drill, dumpedBefore, type Engine } from "./engine";

const port = 3306;
const common = {
  scripts: "mariadb",
  script: which => (which === "each" ? "databases" : "server"),
  scratch: false,
  wayBack: dumpedBefore,
} satisfies Omit<Engine, "spec">;

export const mariadb = {
  ...common,
  spec: z.strictObject({
    engine: z.literal("mariadb").describe("Whose client makes it"),
    databases,
    ...account(port),
    ...drill,
  }),
} satisfies Engine;

/** Of one root with MariaDB, and with the same options still. */
export const mysql = {
  ...common,
  spec: z.strictObject({
    engine: z.literal("mysql").describe("Whose client makes it"),
    databases,
    ...account(port),
  }),
} satisfies Engine;
