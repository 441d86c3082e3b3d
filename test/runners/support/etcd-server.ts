import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { databasePrograms } from "../../../lab/house/databases";
import { until } from "../../../lab/process";
import { certificates } from "./certificates";
import { freePorts } from "./free-ports";
import type { MountNamespace } from "./namespace";
import type { DatabaseServer } from "./postgresql-server";

/**
 * An etcd that only a client with a certificate reaches; `sql` takes the arguments of etcdctl, a word a line.
 * @param address where it answers
 */
export async function startEtcd(
  namespace: MountNamespace,
  folder: string,
  address = "127.0.0.1",
): Promise<DatabaseServer> {
  const packed = await databasePrograms("etcd");
  const tools = join(folder, "tools");
  mkdirSync(tools);
  await namespace.run("mount", "--bind", packed, tools);
  await certificates(folder, address);
  writeFileSync(
    join(folder, "password"),
    ["client.pem", "ca.pem", "client.key"].map(name => readFileSync(join(folder, name), "utf8")).join(""),
  );
  return serveEtcd(namespace, folder, join(folder, "data"), address);
}

/** Another one of the same folder, on data that is there. */
export async function serveEtcd(
  namespace: MountNamespace,
  folder: string,
  data: string,
  address = "127.0.0.1",
): Promise<DatabaseServer> {
  const tools = join(folder, "tools");
  const [port, peerPort] = await freePorts();
  const environment = {
    PATH: `${tools}/usr/bin:${process.env["PATH"]}`,
    ...{ LC_ALL: "C.UTF-8", ETCDCTL_API: "3", COMMAND_TIMEOUT: "30s", DIAL_TIMEOUT: "5s" },
    ...{ DATABASE_HOST: address, DATABASE_PORT: String(port) },
  };
  const inside = (argv: readonly string[]) => {
    const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const [program = "", ...args] = namespace.inside(["env", ...words, ...argv]);
    return execa(program, args);
  };
  const [url, peer] = [`https://${address}:${port}`, `http://127.0.0.1:${peerPort}`];
  const server = inside([
    ...["etcd", `--data-dir=${data}`, `--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
    ...[
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ],
    ...[
      `--cert-file=${folder}/server.pem`,
      `--key-file=${folder}/server.key`,
      "--client-cert-auth",
      `--trusted-ca-file=${folder}/ca.pem`,
    ],
  ]);
  server.catch(() => undefined);
  const client = async (argv: readonly string[]): Promise<string> => (await inside(argv)).stdout;
  const login = [
    `--endpoints=${url}`,
    `--cert=${folder}/client.pem`,
    `--key=${folder}/client.key`,
    `--cacert=${folder}/ca.pem`,
  ];
  const sql = (text: string): Promise<string> => client(["etcdctl", ...login, ...text.split("\n")]);
  const serves = (): Promise<boolean> =>
    sql("endpoint\nhealth").then(
      () => true,
      () => false,
    );
  if (!(await until(serves, 600_000, 100))) throw new Error("etcd doesn't serve after 600 s");
  return {
    ...{ programs: `${tools}/usr/bin`, environment, client, sql },
    async stop() {
      server.kill("SIGKILL");
      await server.catch(() => undefined);
    },
  };
}
