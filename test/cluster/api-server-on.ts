import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { fixedFacts } from "../../lab/facts";
import { until } from "../../lab/process";
import { type Api, connect, readPrograms, urls } from "../../lab/servers";
import { apiServer } from "../../lab/servers/control-plane";
import type { DatabaseServer } from "../runners/support/postgresql-server";

const port = 6444;

/**
 * A second API server of the lab, with the same accounts, while something is asked of it.
 * @param etcd what it keeps its objects in @param folder with that one's certificates
 */
export async function withApiServerOn<Result>(
  etcd: DatabaseServer,
  folder: string,
  ask: (api: Api) => Promise<Result>,
): Promise<Result> {
  const { DATABASE_HOST: host = "", DATABASE_PORT: etcdPort = "" } = etcd.environment;
  const [program = "", ...args] = [
    ...apiServer
      .argv(readPrograms())
      .filter(word => !word.startsWith("--etcd-servers=") && !word.startsWith("--secure-port=")),
    ...[`--secure-port=${port}`, `--etcd-servers=https://${host}:${etcdPort}`],
    ...[`--etcd-cafile=${folder}/ca.pem`, `--etcd-certfile=${folder}/client.pem`],
    `--etcd-keyfile=${folder}/client.key`,
  ];
  const kubeconfig = join(folder, "kubeconfig");
  const other = urls.kubernetes.replace(/\d+$/, String(port));
  writeFileSync(kubeconfig, readFileSync(fixedFacts.kubeconfig, "utf8").replaceAll(urls.kubernetes, other));
  const server = execa(program, args, { all: true, reject: false });
  try {
    const api = connect(kubeconfig);
    const isReady = () =>
      api.ready().then(
        ({ status }) => status === 200,
        () => false,
      );
    if (!(await until(isReady, 180_000, 500)))
      throw new Error("the second API server isn't ready after 180 s");
    return await ask(api);
  } finally {
    server.kill("SIGKILL");
    await server;
  }
}
