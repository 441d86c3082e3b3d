import { appendFileSync, chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { databasePrograms } from "../../../lab/house/databases";
import type { MountNamespace } from "./namespace";

/** Nobody: a server refuses to run as root. */
const uid = 65534;
export const password = 'p\\a:ss "word';

/** A real database server that listens on a socket in its folder, with its clients. */
export interface DatabaseServer {
  /** Folder with its programs. */
  readonly programs: string;
  /** For env(1): where the clients are and how they reach it; no password. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a statement; gives what psql prints, without headings. */
  sql(text: string, database?: string): Promise<string>;
  /** Runs one of its programs with the password. */
  client(argv: readonly string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param folder what any user may reach; the server's files come below it
 * @param address where it answers beside its socket, to whoever has the password
 */
export async function startPostgresql(
  namespace: MountNamespace,
  folder: string,
  address = "",
): Promise<DatabaseServer> {
  const packed = await databasePrograms("postgresql");
  const [tools, data, socket] = ["tools", "data", "socket"].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [tools, data, socket]) mkdirSync(made);
  for (const own of [data, socket]) chownSync(own, uid, uid);
  chmodSync(data, 0o700);
  // The cache they are in is root's, and so closed to who serves.
  await namespace.run("mount", "--bind", packed, tools);
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password);
  chmodSync(passwordFile, 0o644);
  const environment = {
    PATH: `${tools}/usr/lib/postgresql/15/bin:${process.env["PATH"]}`,
    LD_LIBRARY_PATH: `${tools}/usr/lib/x86_64-linux-gnu`,
    LC_ALL: "C.UTF-8",
    ...{ DATABASE_HOST: socket, DATABASE_PORT: "5432", DATABASE_USER: "backup" },
  };
  const login = { PGHOST: socket, PGUSER: "backup", PGPASSWORD: password };
  const inside = (argv: readonly string[], input = "", more = {}): Promise<{ stdout: string }> => {
    const words = Object.entries({ ...environment, ...more }).map(([name, value]) => `${name}=${value}`);
    const [program = "", ...args] = namespace.inside(["env", ...words, ...argv]);
    return execa(program, args, { input });
  };
  const server = (...argv: string[]) =>
    inside(["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", ...argv]);
  const accounts = ["--auth=scram-sha-256", "--username=backup", `--pwfile=${passwordFile}`];
  await server("initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", ...accounts, `--pgdata=${data}`);
  appendFileSync(join(data, "pg_hba.conf"), "host all all 10.0.0.0/8 scram-sha-256\n");
  const settings = `-c listen_addresses=${address} -c unix_socket_directories=${socket} -c fsync=off -c jit=off`;
  await server("pg_ctl", "start", "--wait", `--pgdata=${data}`, `--log=${data}/log`, `--options=${settings}`);
  const client = async (argv: readonly string[], input = ""): Promise<string> =>
    (await inside(argv, input, login)).stdout;
  return {
    programs: `${tools}/usr/lib/postgresql/15/bin`,
    environment,
    client,
    sql: (text, database = "postgres") =>
      client(["psql", "-XAtq", "--set=ON_ERROR_STOP=1", `--dbname=${database}`], text),
    async stop() {
      await server("pg_ctl", "stop", "--mode=immediate", `--pgdata=${data}`);
    },
  };
}
