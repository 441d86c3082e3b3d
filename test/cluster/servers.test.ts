import { mkdirSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { nightly } from "../../lab/house/dumps";
import { mustOnHost } from "../../lab/hosts";
import { operatorAddress } from "../../lab/namespace";
import { importMoreImages } from "../../lab/node/more-images";
import { until } from "../../lab/process";
import { type Api, connect, urls } from "../../lab/servers";
import { serveEtcd, startEtcd } from "../runners/support/etcd-server";
import type { MountNamespace } from "../runners/support/namespace";
import type { DatabaseServer } from "../runners/support/postgresql-server";
import { backupSecret, startVault, type VaultServer } from "../runners/support/vault-server";
import { withApiServerOn } from "./api-server-on";
import { database, namespace, restorePrinted, whenDue, withDumps } from "./dump-cluster";
import {
  askPrometheus,
  prometheusFolder,
  prometheusServer,
  runPrometheus,
  startPrometheus,
  stopPrometheus,
} from "./prometheus-pod";
import { stand } from "./stand";

// What a cluster itself is made of, and what watches it, each dumped by pods on the lab's node as their CronJobs were deployed. Who restores an etcd or
// a Vault has no cluster to run a job, and does it by hand: from what lies on the host.
jest.setTimeout(900_000);

let mounts: MountNamespace;
let folder: string;
let images: Awaited<ReturnType<typeof importMoreImages>>;
let etcd: DatabaseServer;
/** What the lab's API server had when that got it. */
let before: unknown;
let vault: VaultServer;
let vaultSecret: string;
let prometheus: string;
const dayBeforeS = Math.floor(Date.now() / 1000) - 86_400;

const cluster = stand({
  name: "cluster-servers",
  async serve(where, below) {
    [mounts, folder] = [where, below];
    images = await importMoreImages();
    [etcd, vault, prometheus] = await Promise.all([
      etcdOfTheLab(),
      startVault(mounts, subfolder("vault"), "data", operatorAddress),
      startPrometheus(images.prometheus, history()),
    ]);
    await vault.sql("secrets\nenable\n-version=2\n-path=secret\nkv");
    await vault.sql("kv\nput\nsecret/nas\npassword=a b c");
    vaultSecret = await backupSecret(vault, join(folder, "vault", "data"));
    return [etcd, vault];
  },
  estate: own =>
    withDumps(own, { etcd: database("etcd"), vault: database("vault"), prometheus: database("prometheus") }, [
      {
        ...nightly("etcd-backup", "etcd", 1),
        dump: { engine: "etcd", image: images.etcd, server: addressOf(etcd), secret: "etcd-backup" },
      },
      {
        ...nightly("vault-backup", "vault", 0),
        dump: {
          ...{ engine: "vault", image: images.vault, secret: "vault-backup" },
          server: { ...addressOf(vault), namespace },
        },
      },
      {
        ...nightly("prometheus-backup", "prometheus", 23),
        dump: {
          ...{ engine: "prometheus", image: images.prometheus, claim: prometheusServer },
          ...{ folder: prometheusFolder, usedBy: { app: prometheusServer } },
          server: { host: prometheus, namespace },
        },
      },
    ]),
  secrets: () => ({
    "etcd-backup": readFileSync(join(folder, "etcd", "password"), "utf8"),
    "vault-backup": vaultSecret,
  }),
});

function subfolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

/** One that only a client with a certificate reaches, with all that the lab's own API server keeps. */
async function etcdOfTheLab(): Promise<DatabaseServer> {
  const below = subfolder("etcd");
  const empty = await startEtcd(mounts, below, operatorAddress);
  const [snapshot, data] = [join(below, "lab.db"), join(below, "lab")];
  before = await objects(connect());
  await empty.client(["etcdctl", `--endpoints=${urls.etcd}`, "snapshot", "save", snapshot]);
  await empty.client(["etcdctl", "snapshot", "restore", snapshot, `--data-dir=${data}`]);
  await empty.stop();
  return serveEtcd(mounts, below, data, operatorAddress);
}

/** Those that nobody changes by himself. */
async function objects(api: Api): Promise<unknown> {
  const kinds = [
    ...["api/v1/namespaces", "api/v1/configmaps", "api/v1/serviceaccounts"],
    "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  ];
  const lists = await Promise.all(kinds.map(kind => api.get(`/${kind}`)));
  return lists.map(list => z.object({ items: z.array(z.unknown()).min(1) }).parse(list).items);
}

/** As a pod reaches it. */
const addressOf = ({ environment }: DatabaseServer) => ({
  host: environment["DATABASE_HOST"] ?? "",
  port: Number(environment["DATABASE_PORT"]),
});

/** A sample a minute of the day before: which minute of it that was. */
function history(): string {
  const samples = Array.from(
    { length: 60 },
    (_, minute) => `warmth{room="attic"} ${minute} ${dayBeforeS + minute * 60}`,
  );
  return `# TYPE warmth gauge\n${samples.join("\n")}\n# EOF\n`;
}

afterAll(stopPrometheus);

/** The newest dump of a job, from the host to this machine. @returns its path */
async function fetched(job: string): Promise<string> {
  const text = await mustOnHost(
    "pve",
    `cd /srv/nfs/${job} && base64 "$(ls dump_* | grep -v json$ | tail -1)"`,
  );
  const path = join(folder, job);
  writeFileSync(path, Buffer.from(text, "base64"));
  return path;
}

test("etcd: an API server on what is made of a pod's snapshot lists the same objects", async () => {
  expect(await whenDue("etcd-backup")).toBe("Succeeded");
  const data = join(folder, "etcd", "restored");
  await etcd.client(["etcdctl", "snapshot", "restore", await fetched("etcd-backup"), `--data-dir=${data}`]);
  const other = await serveEtcd(mounts, join(folder, "etcd"), data, operatorAddress);
  try {
    expect(await withApiServerOn(other, join(folder, "etcd"), objects)).toEqual(before);
  } finally {
    await other.stop();
  }
});

test("Vault: one that was empty unseals with the old keys, and has the secret of a pod's snapshot", async () => {
  expect(await whenDue("vault-backup")).toBe("Succeeded");
  const snapshot = await fetched("vault-backup");
  const other = await startVault(mounts, join(folder, "vault"), "other");
  try {
    await other.sql(`operator\nraft\nsnapshot\nrestore\n-force\n${snapshot}`);
    await other.as("", `operator\nunseal\n${vault.unsealKey}`);
    const read = () => other.as(vault.rootToken, "kv\nget\n-field=password\nsecret/nas").catch(() => "");
    expect(await until(async () => (await read()) === "a b c", 120_000, 200)).toBe(true);
  } finally {
    await other.stop();
  }
});

test("Prometheus: one that lost its blocks answers for the day before, by what is printed", async () => {
  const warmth = (address: string) => askPrometheus(address, "warmth", dayBeforeS + 30 * 60);
  expect(await warmth(prometheus)).toContain(`"30"`);
  expect(await whenDue("prometheus-backup")).toBe("Succeeded");
  await stopPrometheus();
  await mustOnHost("node", `cd /opt/${prometheusServer}/${prometheusFolder} && rm -r -- *`);
  expect(await restorePrinted(cluster().estate, "prometheus")).toContain("is complete");
  expect(await warmth(await runPrometheus(images.prometheus))).toContain(`"30"`);
});
