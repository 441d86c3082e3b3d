import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { databasePrograms } from "../../../lab/house/databases";
import type { MountNamespace } from "./namespace";
import type { DatabaseServer } from "./postgresql-server";

/** Nobody: a server refuses to run as root. */
const uid = 65534;
export const password = 'p\\a:ss "word';

/**
 * @param folder what any user may reach; the server's files come below it
 * @param address where it answers beside its socket, to whoever has the password
 */
export async function startMariadb(
  namespace: MountNamespace,
  folder: string,
  address?: string,
): Promise<DatabaseServer> {
  const packed = await databasePrograms("mariadb");
  const [tools, data] = ["tools", "data"].map(name => join(folder, name)) as [string, string];
  for (const made of [tools, data]) mkdirSync(made);
  chownSync(data, uid, uid);
  // The cache they are in is root's, and so closed to who serves.
  await namespace.run("mount", "--bind", packed, tools);
  writeFileSync(join(folder, "password"), password, { mode: 0o644 });
  const socket = join(data, "socket");
  const environment = {
    PATH: `${tools}/usr/bin:${tools}/usr/sbin:${process.env["PATH"]}`,
    LD_LIBRARY_PATH: `${tools}/usr/lib/x86_64-linux-gnu:${tools}/lib/x86_64-linux-gnu`,
    LC_ALL: "C.UTF-8",
    // A client that is told "localhost" takes the socket.
    ...{
      DATABASE_HOST: "localhost",
      DATABASE_PORT: "3306",
      DATABASE_USER: "backup",
      MYSQL_UNIX_PORT: socket,
    },
  };
  const inside = (argv: readonly string[], input = "", more = {}) => {
    const words = Object.entries({ ...environment, ...more }).map(([name, value]) => `${name}=${value}`);
    const [program = "", ...args] = namespace.inside(["env", ...words, ...argv]);
    return execa(program, args, { input });
  };
  const nobody = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  // Not in /tmp, in which not every machine lets everybody write.
  const places = [`--basedir=${tools}/usr`, `--datadir=${data}`, `--tmpdir=${data}`];
  const install = ["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"];
  await inside([...nobody, "mariadb-install-db", ...install, ...places]);
  const reached = address === undefined ? "--skip-networking" : `--bind-address=${address}`;
  const small = [reached, "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"];
  const server = inside([
    ...[...nobody, "mariadbd", "--no-defaults", ...places, `--socket=${socket}`, `--pid-file=${data}/pid`],
    ...[
      ...small,
      `--lc-messages-dir=${tools}/usr/share/mysql`,
      `--character-sets-dir=${tools}/usr/share/mysql/charsets`,
    ],
  ]);
  server.catch(() => undefined);
  const client = async (argv: readonly string[], input = "", user = "backup"): Promise<string> =>
    (await inside(argv, input, { USER: user, ...(user === "backup" && { MYSQL_PWD: password }) })).stdout;
  const sql = (text: string, database = "mysql", user = "backup"): Promise<string> =>
    client(
      ["mariadb", "--no-defaults", "--batch", "--skip-column-names", `--user=${user}`, database],
      text,
      user,
    );
  const account = ["localhost", ...(address === undefined ? [] : ["'10.%'"])]
    .map(
      from =>
        `create user backup@${from} identified by '${password.replaceAll("\\", "\\\\")}'; grant all on *.* to backup@${from} with grant option;`,
    )
    .join(" ");
  for (let tries = 0; ; tries += 1) {
    try {
      await sql(account, "mysql", "root");
      break;
    } catch (error) {
      if (tries > 300) throw error;
      await sleep(100);
    }
  }
  return {
    ...{ programs: `${tools}/usr/bin`, environment, client, sql },
    async stop() {
      server.kill("SIGKILL");
      await server.catch(() => undefined);
    },
  };
}
