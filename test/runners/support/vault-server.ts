import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { until } from "../../../lab/process";
import { vaultProgram } from "../../../lab/servers/vault";
import { certificates } from "./certificates";
import { freePorts } from "./free-ports";
import type { MountNamespace } from "./namespace";
import type { DatabaseServer } from "./postgresql-server";

/** A Vault with raft storage, and what opens it; `sql` takes the arguments of its client, a word a line, as root. */
export interface VaultServer extends DatabaseServer {
  readonly unsealKey: string;
  readonly rootToken: string;
  /** As root of another Vault, which is what one becomes by a restore. */
  as(token: string, words: string): Promise<string>;
}

const made = z.object({ unseal_keys_b64: z.tuple([z.string()]), root_token: z.string() });

/** A new one, unsealed and empty. @param name of its folder @param address where it answers */
export async function startVault(
  namespace: MountNamespace,
  folder: string,
  name: string,
  address = "127.0.0.1",
): Promise<VaultServer> {
  const program = await vaultProgram(line => process.stderr.write(`${line}\n`));
  const tools = join(folder, `tools-${name}`);
  const data = join(folder, name);
  for (const path of [tools, data]) mkdirSync(path);
  await namespace.run("mount", "--bind", dirname(program), tools);
  await certificates(data, address);
  const [port, clusterPort] = await freePorts();
  const url = `https://${address}:${port}`;
  const file = join(data, "vault.json");
  writeFileSync(
    file,
    JSON.stringify({
      storage: { raft: { path: data, node_id: name } },
      listener: {
        tcp: {
          address: `${address}:${port}`,
          tls_cert_file: join(data, "server.pem"),
          tls_key_file: join(data, "server.key"),
        },
      },
      ...{ api_addr: url, cluster_addr: `https://127.0.0.1:${clusterPort}`, disable_mlock: true },
    }),
  );
  const environment = {
    PATH: `${tools}:${process.env["PATH"]}`,
    ...{ LC_ALL: "C.UTF-8", SCHEME: "https", CLIENT_TIMEOUT: "60s" },
    ...{ DATABASE_HOST: address, DATABASE_PORT: String(port) },
  };
  const inside = (argv: readonly string[], token = "") => {
    const words = Object.entries({
      ...{ ...environment, HOME: data, VAULT_ADDR: url, VAULT_CACERT: join(data, "ca.pem") },
      VAULT_TOKEN: token,
    }).map(([word, value]) => `${word}=${value}`);
    const [first = "", ...args] = namespace.inside(["env", ...words, ...argv]);
    return execa(first, args);
  };
  const server = inside(["vault", "server", `-config=${file}`]);
  server.catch(() => undefined);
  const as = async (token: string, words: string): Promise<string> =>
    (await inside(["vault", ...words.split("\n")], token)).stdout;
  const initialised = async (): Promise<z.output<typeof made> | undefined> => {
    try {
      return made.parse(
        JSON.parse(await as("", "operator\ninit\n-key-shares=1\n-key-threshold=1\n-format=json")),
      );
    } catch {
      return undefined;
    }
  };
  let keys: z.output<typeof made> | undefined;
  if (!(await until(async () => (keys ??= await initialised()) !== undefined, 120_000, 200)) || !keys)
    throw new Error("Vault doesn't begin within two minutes");
  const { unseal_keys_b64: unseal, root_token: rootToken } = keys;
  const [unsealKey] = unseal;
  await as("", `operator\nunseal\n${unsealKey}`);
  const leads = (): Promise<boolean> =>
    as(rootToken, "secrets\nlist").then(
      () => true,
      () => false,
    );
  if (!(await until(leads, 120_000, 200))) throw new Error("Vault doesn't lead within two minutes");
  return {
    ...{ programs: tools, environment, unsealKey, rootToken, as },
    client: async argv => (await inside(argv, rootToken)).stdout,
    sql: text => as(rootToken, text),
    async stop() {
      server.kill("SIGKILL");
      await server.catch(() => undefined);
    },
  };
}

/** What the secret of a dump has: a token that takes snapshots, renews itself and can do no more, and who signed the server's certificate. */
export async function backupSecret({ sql }: VaultServer, folder: string): Promise<string> {
  const policy = join(folder, "backup.hcl");
  writeFileSync(
    policy,
    `path "sys/storage/raft/snapshot" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
`,
  );
  await sql(`policy\nwrite\nbackup\n${policy}`);
  const token = await sql(
    "token\ncreate\n-orphan\n-policy=backup\n-no-default-policy\n-period=768h\n-field=token",
  );
  return `${token.trim()}\n${readFileSync(join(folder, "ca.pem"), "utf8")}`;
}
