import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { debianPackages } from "../../../lab/debian";
import { freePort } from "../../../lab/free-port";
import { until } from "../../../lab/process";
import { withDebianShare } from "../../../lab/servers/debian-share";

/** The Alertmanager that the lab has, with a configuration of the caller's. Ends with `stop`. */
export async function startAlertmanager(
  folder: string,
  configuration: string,
): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const program = join(
    await debianPackages("alertmanager", ["prometheus-alertmanager"]),
    "usr/bin/prometheus-alertmanager",
  );
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const file = join(folder, "alertmanager.yml");
  writeFileSync(file, configuration);
  const [command = "", ...words] = withDebianShare([
    program,
    `--config.file=${file}`,
    `--storage.path=${join(folder, "data")}`,
    `--web.listen-address=${address}`,
    "--cluster.listen-address=",
  ]);
  const server = execa(command, words, { reject: false, all: true });
  const stop = (): Promise<unknown> => {
    server.kill();
    return server;
  };
  const serves = await until(
    async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok ?? false,
    120_000,
    100,
  );
  if (!serves) throw new Error("Alertmanager doesn't serve");
  return { url, stop };
}

/** What Alertmanager does with an alert of these labels, once it has looked at it. */
export async function processed(
  url: string,
  labels: Readonly<Record<string, string>>,
): Promise<{ state: string; receivers: readonly string[] }> {
  await fetch(`${url}/api/v2/alerts`, {
    method: "POST",
    body: JSON.stringify([{ labels }]),
    headers: { "content-type": "application/json" },
  });
  const filter = Object.entries(labels).map(
    ([name, value]) => `filter=${encodeURIComponent(`${name}="${value}"`)}`,
  );
  let told = { state: "", receivers: [] as string[] };
  await until(
    async () => {
      const reply = await fetch(`${url}/api/v2/alerts?${filter.join("&")}`);
      const [found] = (await reply.json()) as {
        status: { state: string };
        receivers: { name: string }[];
      }[];
      told = {
        state: found?.status.state ?? "unprocessed",
        receivers: found?.receivers.map(({ name }) => name) ?? [],
      };
      return told.state !== "unprocessed";
    },
    120_000,
    100,
  );
  return told;
}
