import { z } from "zod";
import { mustOnHost } from "../../lab/hosts";
import { claimVolume, localVolume } from "../../lab/node/local-volume";
import { until } from "../../lab/process";
import { connect, exchange } from "../../lab/servers";
import { namespace } from "./dump-cluster";

/** Name of its pod, of its label `app`, and of its claim. */
export const prometheusServer = "prometheus-server";
/** Its data folder in its volume. */
export const prometheusFolder = "tsdb";
/** As in Prometheus' own image. */
const account = 65_534;
const port = 9090;

const podPath = `/api/v1/namespaces/${namespace}/pods/${prometheusServer}`;
const started = z.object({ status: z.object({ podIP: z.string() }) });

/**
 * A Prometheus in a pod on the node, with a volume there and blocks of a history.
 * @param history in OpenMetrics' own text
 * @returns its address
 */
export async function startPrometheus(image: string, history: string): Promise<string> {
  const volume = await localVolume(prometheusServer, namespace, account);
  await claimVolume(prometheusServer, namespace);
  await mustOnHost("node", `cat >${volume}/history && chmod 644 ${volume}/history`, { input: history });
  return runPrometheus(image);
}

/** On the volume as it is. @returns its address, another one than before */
export async function runPrometheus(image: string): Promise<string> {
  await connect().apply(podPath, {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: { name: prometheusServer, namespace, labels: { app: prometheusServer } },
    spec: {
      automountServiceAccountToken: false,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: account, runAsGroup: account },
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          ...{ name: "prometheus", image, command: ["sh", "-ec", program] },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: prometheusServer } }],
    },
  });
  let address = "";
  const isReady = async (): Promise<boolean> => {
    const found = started.safeParse(await connect().get(podPath));
    if (!found.success) return false;
    address = found.data.status.podIP;
    const reply = await exchange(`http://${address}:${port}/-/ready`).catch(() => undefined);
    return reply?.status === 200;
  };
  if (!(await until(isReady, 300_000, 1_000)))
    throw new Error(`Prometheus isn't ready after 300 s: ${JSON.stringify(await connect().get(podPath))}`);
  return address;
}

const program = `cd /data
[ -d ${prometheusFolder} ] || promtool tsdb create-blocks-from openmetrics history ${prometheusFolder}
echo 'global: {}' >config.yml
exec prometheus --config.file=config.yml --storage.tsdb.path=${prometheusFolder} --storage.tsdb.retention.time=10y --web.enable-admin-api`;

/** Ends its pod, as who scales it to 0 does. */
export async function stopPrometheus(): Promise<void> {
  await connect().remove(podPath);
  if (!(await until(async () => (await connect().get(podPath)) === undefined, 300_000, 500)))
    throw new Error("Prometheus' pod is still there 300 s after it was removed");
}

/** What a query has for an answer at an instant. */
export async function askPrometheus(address: string, query: string, atS: number): Promise<string> {
  const words = `query=${encodeURIComponent(query)}&time=${atS}`;
  return (await exchange(`http://${address}:${port}/api/v1/query?${words}`)).body;
}
