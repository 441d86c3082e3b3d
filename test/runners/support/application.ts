import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { debianPackages } from "../../../lab/debian";
import { owner, schema } from "../../../lab/house/vaultwarden";
import type { MountNamespace } from "./namespace";
import type { DatabaseServer } from "./postgresql-server";
import { sqlitePackages } from "./sqlite-world";

export interface Application extends DatabaseServer {
  /** Its volume, as the test sees it. */
  readonly files: string;
  /** Empties the volume, and makes what Vaultwarden has: a database in WAL mode, keys, attachments, a cache. */
  begin(): Promise<void>;
  /** Keeps its database open, as an application that runs. */
  run(): Promise<{ end(): Promise<void> }>;
  /** Holds one of its databases locked. @param file its path in the volume */
  lock(file: string): Promise<{ end(): Promise<void> }>;
}

/** An application with a volume of its own on tmpfs; its `sql` is a statement to its database. */
export async function startApplication(namespace: MountNamespace, folder: string): Promise<Application> {
  const tools = join(folder, "tools");
  const volume = join(folder, "volume");
  for (const made of [tools, volume]) mkdirSync(made);
  const packed = await debianPackages("sqlite3", sqlitePackages);
  await namespace.run("mount", "--bind", packed, tools);
  await namespace.run("mount", "-t", "tmpfs", "-o", "size=16777216,mode=0755", "none", volume);
  await namespace.run("chown", `${owner}:${owner}`, volume);
  const files = namespace.outside(volume);
  const environment = {
    PATH: `${tools}/usr/bin:${process.env["PATH"]}`,
    LD_LIBRARY_PATH: `${tools}/usr/lib/x86_64-linux-gnu`,
    LC_ALL: "C.UTF-8",
    ...{ FILES: volume, EXCLUDES: "icon_cache\ntmp" },
  };
  const inside = (argv: readonly string[], input?: string) => {
    const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const [program = "", ...args] = namespace.inside([
      ...["setpriv", `--reuid=${owner}`, `--regid=${owner}`, "--clear-groups", "env", ...words],
      ...argv,
    ]);
    return execa(program, args, input === undefined ? { stdin: "pipe" } : { input });
  };
  const client = async (argv: readonly string[], input = ""): Promise<string> =>
    (await inside(argv, input)).stdout;
  const database = join(volume, "db.sqlite3");
  const sql = (text: string): Promise<string> => client(["sqlite3", "-batch", "-bail", database, text]);
  const holding = async (file: string, statement: string) => {
    const running = inside(["sqlite3", "-batch", file]);
    running.catch(() => undefined);
    running.stdin?.write(`${statement};\nselect 'ready';\n`);
    await new Promise<void>(resolve => {
      running.stdout?.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("ready")) resolve();
      });
    });
    return {
      async end() {
        running.stdin?.end();
        await running.catch(() => undefined);
      },
    };
  };
  return {
    ...{ files, programs: `${tools}/usr/bin`, environment, client, sql },
    async begin() {
      const all = ["sh", "-c", `cd "${volume}" && rm -rf ./* ./.[!.]*`];
      await client(all);
      await client(["sqlite3", "-batch", "-bail", database, schema.join(";\n")]);
      const make = `cd "${volume}" && mkdir -p attachments/c1 sends icon_cache "more of it" && printf key >rsa_key.pem && chmod 600 rsa_key.pem
printf '{}' >config.json && ln -s config.json link && printf old >icon_cache/icon && printf 'SQLite format 4' >sends/text
printf 'an attachment' >'attachments/c1/-odd
name' && sqlite3 -batch 'more of it/it'"'"'s.db' 'create table t (n); insert into t values (1), (2)'`;
      await client(["sh", "-ec", make]);
    },
    run: () =>
      holding(database, "pragma busy_timeout = 5000; insert into users values ('u3', 'three@example.org')"),
    lock: file => holding(join(volume, file), "begin exclusive"),
    async stop() {
      rmSync(join(files, "db.sqlite3"), { force: true });
    },
  };
}
