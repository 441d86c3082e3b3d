import { mustOnHost } from "../hosts";
import { claimVolume, localVolume } from "../node/local-volume";
import { readImages } from "../node/references";
import { until } from "../process";
import { connect } from "../servers/api";

/** Account that the application's files belong to. */
export const owner = 1234;

/** Statements that make a database as Vaultwarden has one. */
export const schema = [
  "pragma journal_mode = wal",
  "create table users (uuid text primary key, email text)",
  'create table "odd "" name" (n)',
  "create table ciphers (uuid text primary key, data text)",
  "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) insert into ciphers select 'c' || i, hex(randomblob(200)) from n",
  "insert into users values ('u1', 'one@example.org'), ('u2', 'two@example.org')",
  "create virtual table found using fts5(text)",
];

/** Name of its pod, of its label `app`, and of its claim. */
export const vaultwarden = "vaultwarden";

/** Its volume, on the node. */
const volume = `/opt/${vaultwarden}`;

const podPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods/${vaultwarden}`;

/** Runs a script in the volume, as the application's own account, which alone may leave files beside its database. */
export function inVaultwarden(script: string): Promise<string> {
  const asOwner = `setpriv --reuid=${owner} --regid=${owner} --clear-groups sh -e`;
  return mustOnHost("node", `cd ${volume} && ${asOwner}`, { input: script });
}

/**
 * Runs an application with an SQLite database in a pod on the node, with a volume there: its keys, attachments and a cache, and its
 * database open, with rows that the write-ahead log alone has. The namespace has to be there; a pod that is there stays as it is.
 */
export async function startVaultwarden(namespace: string): Promise<void> {
  const api = connect();
  if ((await api.get(podPath(namespace))) !== undefined) return;
  await localVolume(vaultwarden, namespace, owner);
  await claimVolume(vaultwarden, namespace);
  await api.apply(podPath(namespace), pod(namespace));
  if (!(await until(async () => (await inVaultwarden("ls")).includes("ready"), 300_000, 1_000)))
    throw new Error(
      `the application's pod made nothing within 300 s: ${JSON.stringify(await api.get(podPath(namespace)))}`,
    );
}

/** Ends its pod as a power cut does: the database stays as it is, with its log. */
export async function stopVaultwarden(namespace: string): Promise<void> {
  const api = connect();
  await api.remove(podPath(namespace));
  if (!(await until(async () => (await api.get(podPath(namespace))) === undefined, 300_000, 500)))
    throw new Error("the application's pod is still there 300 s after it was removed");
}

function pod(namespace: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: vaultwarden, namespace, labels: { app: vaultwarden } },
    spec: {
      // No second to end well in: its shell takes no notice of a signal.
      ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 1 },
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: owner, runAsGroup: owner },
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: vaultwarden,
          image: readImages().sqlite,
          command: ["sh", "-ec", program],
          env: [{ name: "SCHEMA", value: schema.join(";\n") }],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: vaultwarden } }],
    },
  };
}

const program = `cd /data
if [ ! -e ready ]; then
sqlite3 -batch -bail db.sqlite3 "$SCHEMA"
mkdir -p attachments/c1 sends icon_cache; printf key >rsa_key.pem; chmod 600 rsa_key.pem; printf '{}' >config.json
printf 'an attachment' >'attachments/c1/-odd name'; printf old >icon_cache/icon
fi
{ printf "%s\\n" "insert or ignore into users values ('u3', 'three@example.org');" ".shell touch ready"; exec sleep infinity; } | sqlite3 -batch db.sqlite3`;
