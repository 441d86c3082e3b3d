import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { debianPackages } from "../debian";
import { labDir } from "../facts";
import { inNamespace, operatorAddress } from "../namespace";
import { adminPath, isRunning, startProcess, until } from "../process";

/** Debian's packages of a database's server, its clients, and what they load. */
export const databasePackages = {
  postgresql: [
    ...["postgresql-15", "postgresql-client-15", "libpq5", "libicu72", "libldap-2.5-0", "libsasl2-2"],
    ...["libxml2", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libkeyutils1"],
    ...["libreadline8", "libtinfo6", "libnss-wrapper"],
  ],
  mariadb: [
    ...["mariadb-server", "mariadb-server-core", "mariadb-client", "mariadb-client-core", "libmariadb3"],
    ...["libncurses6", "libtinfo6", "liburing2", "libnuma1", "libpcre2-8-0", "libedit2", "libbsd0", "libmd0"],
    ...["libaio1"],
  ],
  redis: ["redis-server", "redis-tools", "liblzf1", "libjemalloc2", "libatomic1", "liblua5.1-0"],
  etcd: ["etcd-server", "etcd-client"],
} as const;
type Database = keyof typeof databasePackages;

/** Folder with the programs of a database. */
export function databasePrograms(name: Database): Promise<string> {
  return debianPackages(name, databasePackages[name]);
}

/** A database server of the house, which the cluster's pods reach by the operator's address. */
export interface HouseDatabase {
  readonly name: "postgresql" | "mariadb";
  /** Whom its dump's client is. */
  readonly user: string;
  /** Runs statements in a database. @returns what they give, without headings */
  sql(text: string, database?: string): Promise<string>;
}

/** Password of the servers' accounts; made once a lab. */
export function databasePassword(): string {
  const file = join(labDir, "keys", "database-password");
  if (!existsSync(file)) {
    mkdirSync(join(labDir, "keys"), { recursive: true, mode: 0o700 });
    writeFileSync(file, randomBytes(24).toString("base64url"), { mode: 0o600 });
  }
  return readFileSync(file, "utf8");
}

/** Fetches what servers are, which the lab's network can't. */
export async function prepareDatabases(...names: readonly Database[]): Promise<void> {
  await Promise.all(names.map(databasePrograms));
}

/** Starts both servers, each with a database "shop" that has 3000 orders; one that runs already stays as it is. */
export async function startDatabases(): Promise<readonly HouseDatabase[]> {
  return Promise.all([startPostgresql(), startMariadb()]);
}

const user = "backup";
const folderOf = (name: string): string => join(labDir, "databases", name);

async function startPostgresql(): Promise<HouseDatabase> {
  const tools = await databasePrograms("postgresql");
  const bin = join(tools, "usr/lib/postgresql/15/bin");
  const database: HouseDatabase = {
    ...{ name: "postgresql", user },
    sql: (text, name = "shop") =>
      inside(tools, [join(bin, "psql"), "-XAtq", "--set=ON_ERROR_STOP=1"], text, {
        ...{ PGHOST: operatorAddress, PGUSER: user, PGDATABASE: name, PGPASSWORD: databasePassword() },
      }),
  };
  await fresh("postgresql", async folder => {
    const file = join(folder, "password");
    writeFileSync(file, databasePassword(), { mode: 0o600 });
    const data = join(folder, "data");
    const accounts = ["--auth=scram-sha-256", `--username=${user}`, `--pwfile=${file}`];
    const plain = ["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", `--pgdata=${data}`];
    await inside(tools, [...asNobody, join(bin, "initdb"), ...plain, ...accounts]);
    writeFileSync(join(data, "pg_hba.conf"), "host all all 10.0.0.0/8 scram-sha-256\n");
    const settings = {
      listen_addresses: operatorAddress,
      unix_socket_directories: "",
      fsync: "off",
      jit: "off",
    };
    const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    await start("postgresql", tools, [join(bin, "postgres"), "-D", data, ...given]);
    await serves(() => database.sql("select 1", "postgres"), "postgresql");
    await database.sql("create database shop", "postgres");
    await database.sql(
      "create table orders as select n as id, 'order ' || n as note from generate_series(1, 3000) n",
    );
  });
  return database;
}

async function startMariadb(): Promise<HouseDatabase> {
  const tools = await databasePrograms("mariadb");
  const login = [
    "--no-defaults",
    "--batch",
    "--skip-column-names",
    `--host=${operatorAddress}`,
    `--user=${user}`,
  ];
  const database: HouseDatabase = {
    ...{ name: "mariadb", user },
    sql: (text, name = "shop") =>
      inside(tools, [join(tools, "usr/bin/mariadb"), ...login, name], text, {
        MYSQL_PWD: databasePassword(),
      }),
  };
  await fresh("mariadb", async folder => {
    const data = join(folder, "data");
    mkdirSync(data);
    const places = [`--basedir=${join(tools, "usr")}`, `--datadir=${data}`, `--tmpdir=${data}`];
    const install = ["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"];
    await inside(tools, [...asNobody, join(tools, "usr/bin/mariadb-install-db"), ...install, ...places]);
    const first = join(folder, "first.sql");
    writeFileSync(
      first,
      `create user ${user}@'10.%' identified by '${databasePassword()}';\ngrant all on *.* to ${user}@'10.%' with grant option;\n`,
      { mode: 0o600 },
    );
    const shared = join(tools, "usr/share/mysql");
    await start("mariadb", tools, [
      ...[join(tools, "usr/sbin/mariadbd"), "--no-defaults", ...places, `--bind-address=${operatorAddress}`],
      // Below its data: a longer path than 107 bytes is none of a socket.
      ...["--socket=socket", "--pid-file=pid", `--init-file=${first}`, "--innodb-buffer-pool-size=32M"],
      ...["--innodb-flush-log-at-trx-commit=0", `--lc-messages-dir=${shared}`],
      `--character-sets-dir=${join(shared, "charsets")}`,
    ]);
    await serves(() => database.sql("select 1", "mysql"), "mariadb");
    await database.sql(
      `create database shop; use shop; create table orders (id int primary key auto_increment, note text);
insert into orders (note) select concat('order ', seq) from seq_1_to_3000;`,
      "mysql",
    );
  });
  return database;
}

/** Servers refuse to run as root, which a namespace of users maps to nobody: also the one of who runs the lab without being root. */
const asNobody = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"];

/** Makes a server's folder and what is in it anew, where the server doesn't run. */
async function fresh(name: HouseDatabase["name"], make: (folder: string) => Promise<void>): Promise<void> {
  if (isRunning(name)) return;
  const folder = folderOf(name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await make(folder);
}

const environment = (tools: string): Record<string, string> => ({
  PATH: `${join(tools, "usr/bin")}:${adminPath}`,
  LD_LIBRARY_PATH: ["usr/lib", "lib"].map(path => join(tools, path, "x86_64-linux-gnu")).join(":"),
  LC_ALL: "C.UTF-8",
});

async function inside(tools: string, argv: readonly string[], input = "", more = {}): Promise<string> {
  const [program = "", ...args] = inNamespace(argv);
  const { stdout } = await execa(program, args, { input, env: { ...environment(tools), ...more } });
  return stdout;
}

const start = (name: HouseDatabase["name"], tools: string, argv: readonly string[]): Promise<void> =>
  startProcess(name, inNamespace([...asNobody, ...argv]), { env: environment(tools) });

async function serves(ask: () => Promise<string>, name: HouseDatabase["name"]): Promise<void> {
  let trouble = "";
  const answered = await until(
    async () => {
      try {
        return (await ask()) !== "";
      } catch (error) {
        trouble = error instanceof Error ? error.message : String(error);
        return !isRunning(name);
      }
    },
    300_000,
    200,
  );
  if (!answered || !isRunning(name)) throw new Error(`${name} doesn't serve: ${trouble}`);
}
