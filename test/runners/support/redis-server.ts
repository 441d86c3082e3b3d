import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { databasePrograms } from "../../../lab/house/databases";
import type { MountNamespace } from "./namespace";
import { type DatabaseServer, password } from "./postgresql-server";

/**
 * A Redis whose `sql` takes its own commands, a line each.
 * @param address where it answers beside its socket, to whoever has the password
 */
export async function startRedis(
  namespace: MountNamespace,
  folder: string,
  address?: string,
): Promise<DatabaseServer> {
  const packed = await databasePrograms("redis");
  const [tools, data] = ["tools", "data"].map(name => join(folder, name)) as [string, string];
  for (const made of [tools, data]) mkdirSync(made);
  await namespace.run("mount", "--bind", packed, tools);
  writeFileSync(join(folder, "password"), password, { mode: 0o644 });
  const socket = join(data, "socket");
  const environment = {
    PATH: `${tools}/usr/bin:${process.env["PATH"]}`,
    LD_LIBRARY_PATH: `${tools}/usr/lib/x86_64-linux-gnu`,
    LC_ALL: "C.UTF-8",
    ...{ DATABASE_HOST: socket, DATABASE_PORT: "0", DATABASE_USER: "default" },
  };
  const inside = (argv: readonly string[], input = "", more = {}) => {
    const words = Object.entries({ ...environment, ...more }).map(([name, value]) => `${name}=${value}`);
    const [program = "", ...args] = namespace.inside(["env", ...words, ...argv]);
    return execa(program, args, { input });
  };
  const quoted = `"${password.replaceAll(/[\\"]/g, "\\$&")}"`;
  const reached = address === undefined ? ["port 0"] : ["port 6379", `bind ${address}`];
  // Sixteen, unless it is told.
  const config = [
    ...reached,
    "databases 32",
    `unixsocket ${socket}`,
    `dir ${data}`,
    'save ""',
    `requirepass ${quoted}`,
  ];
  const server = inside(["redis-server", "-"], config.join("\n"));
  server.catch(() => undefined);
  const client = async (argv: readonly string[], input = ""): Promise<string> =>
    (await inside(argv, input, { REDISCLI_AUTH: password })).stdout;
  const sql = (text: string): Promise<string> => client(["redis-cli", "-s", socket], text);
  while ((await sql("ping").catch(() => "")) !== "PONG") await sleep(100);
  return {
    ...{ programs: `${tools}/usr/bin`, environment, client, sql },
    async stop() {
      server.kill("SIGKILL");
      await server.catch(() => undefined);
    },
  };
}
