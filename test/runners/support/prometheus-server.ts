import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { debianPackages } from "../../../lab/debian";
import { until } from "../../../lab/process";
import { freePorts } from "./free-ports";
import type { MountNamespace } from "./namespace";
import type { DatabaseServer } from "./postgresql-server";

/** A Prometheus whose `sql` is a query "EXPRESSION@SECONDS" for the one number that it has then. */
export interface PrometheusServer extends DatabaseServer {
  /** Its data folder, as its own processes and those of a pod see it. */
  readonly data: string;
  start(): Promise<void>;
}

const program = async (): Promise<string> =>
  join(await debianPackages("prometheus", ["prometheus"]), "usr/bin");

/** Blocks with a sample a minute of the gauge "warmth", which is as many as minutes have passed since `fromS`. */
export async function writeHistory(
  namespace: MountNamespace,
  data: string,
  fromS: number,
  minutes: number,
): Promise<void> {
  const samples = Array.from(
    { length: minutes },
    (_, minute) => `warmth{room="attic"} ${minute} ${fromS + minute * 60}`,
  );
  const text = join(data, "history");
  writeFileSync(namespace.outside(text), `# TYPE warmth gauge\n${samples.join("\n")}\n# EOF\n`);
  const [first = "", ...args] = namespace.inside([
    ...[join(await program(), "promtool"), "tsdb", "create-blocks-from", "openmetrics", text, data],
  ]);
  await execa(first, args);
  rmSync(namespace.outside(text));
}

/** Not started yet: a test writes what it has first. */
export async function preparePrometheus(
  namespace: MountNamespace,
  folder: string,
  name: string,
): Promise<PrometheusServer> {
  const programs = await program();
  const data = join(folder, name);
  mkdirSync(data);
  const config = join(folder, `${name}.yml`);
  writeFileSync(config, "global: {}\n");
  const [port] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const environment = {
    PATH: `${programs}:${process.env["PATH"]}`,
    ...{ LC_ALL: "C.UTF-8", FILES: data, DATABASE_HOST: "127.0.0.1", DATABASE_PORT: String(port) },
  };
  let server: ReturnType<typeof execa> | undefined;
  const get = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  return {
    ...{ programs, environment, data },
    async start() {
      const [first = "", ...args] = namespace.inside([
        ...[join(programs, "prometheus"), `--config.file=${config}`, `--storage.tsdb.path=${data}`],
        ...[
          "--storage.tsdb.retention.time=10y",
          "--web.enable-admin-api",
          `--web.listen-address=127.0.0.1:${port}`,
        ],
      ]);
      server = execa(first, args);
      server.catch(() => undefined);
      if (!(await until(isReady, 120_000, 100))) throw new Error("Prometheus isn't ready after two minutes");
    },
    async sql(text) {
      const [query = "", at = ""] = text.split("@");
      return get(`/api/v1/query?query=${encodeURIComponent(query)}&time=${at}`);
    },
    client: ([path = ""]) => get(path),
    async stop() {
      server?.kill("SIGTERM");
      await server?.catch(() => undefined);
    },
  };
}
