import type { PodRunnerName } from "../../plan/job";
import { type DumpPod, podPaths as paths, type Reachable } from "../../plan/pod";

/** Objects that a pod of a dump reads or writes, by their names. */
export interface PodObjects {
  readonly job: string;
  /** Program of the container that isn't the client's. */
  readonly runner: PodRunnerName;
  readonly claim: string;
  readonly configMap: string;
  /** Absent where the client needs no password. */
  readonly secret: string | undefined;
  /** Absent where the Pushgateway takes from anybody. */
  readonly pushSecret: string | undefined;
}

/** Labels of a job's pods: its network policy finds them by these. */
export function podLabels(job: string): Record<string, string> {
  return { "app.kubernetes.io/managed-by": "holdfast", "holdfast.io/job": job };
}

/** A CronJob that never runs twice at once, ends in time, and goes on after any number of missed starts. */
export function cronJobSpec(pod: DumpPod, objects: PodObjects) {
  return {
    schedule: pod.schedule,
    timeZone: pod.zone,
    suspend: false,
    concurrencyPolicy: "Forbid",
    // Without it, a controller that was away for a hundred starts never starts the job again.
    startingDeadlineSeconds: Math.floor(pod.startWithinMs / 1000),
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      spec: {
        // A second try would run into the next job's time, and the alert counts on this one's end.
        backoffLimit: 0,
        activeDeadlineSeconds: Math.floor(pod.timeoutMs / 1000),
        template: {
          metadata: { labels: podLabels(objects.job) },
          spec: podSpec(pod, objects, { script: pod.client.script, words: ["run"] }),
        },
      },
    },
  };
}

/** Never starts by itself: a person's job is made of it, with what they ask for in the environment (`plan/contracts/ask-command.ts`). */
export function askedCronJobSpec(pod: DumpPod, objects: PodObjects, script: string) {
  return {
    // A day that never comes, beside what suspends it.
    schedule: "0 0 31 2 *",
    suspend: true,
    concurrencyPolicy: "Forbid",
    jobTemplate: {
      spec: {
        backoffLimit: 0,
        // Nobody's schedule waits for it.
        activeDeadlineSeconds: 86_400,
        ttlSecondsAfterFinished: 86_400,
        template: {
          metadata: { labels: podLabels(objects.job) },
          spec: podSpec(pod, objects, { script, words: [], ask: "list" }),
        },
      },
    },
  };
}

/** What is different between a run and what a person asks for. */
interface PodUse {
  readonly script: string;
  readonly words: readonly string[];
  readonly ask?: string;
}

/** Fits the Pod Security Standard "restricted", but for files that are root's: those, root alone reads, here without a capability. */
function podSpec(pod: DumpPod, objects: PodObjects, use: PodUse) {
  const { claim, configMap, secret, pushSecret } = objects;
  const { uid, client } = pod;
  const { files } = client;
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 60,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: uid, runAsGroup: uid },
      // Kubernetes would give all files of an application's volume to an fsGroup.
      ...(files ? { supplementalGroups: [uid, files.owner] } : { fsGroup: uid }),
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "client",
        image: client.image,
        command: ["sh", `${paths.programs}/${use.script}.sh`],
        env: Object.entries(client.environment).map(([name, value]) => ({ name, value: literally(value) })),
        securityContext: {
          ...confined,
          ...(files && {
            ...{ runAsUser: files.owner, runAsGroup: files.owner, runAsNonRoot: files.owner !== 0 },
          }),
        },
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
        volumeMounts: [
          { name: "programs", mountPath: paths.programs, readOnly: true },
          ...secretMounts(secret, "credentials", paths.credentials),
          { name: "exchange", mountPath: paths.exchange },
          ...(client.scratch ? [{ name: "scratch", mountPath: paths.scratch }] : []),
          // Also a database that is only read is written to: its readers' locks are beside it.
          ...(files ? [{ name: "files", mountPath: paths.files }] : []),
        ],
      },
      {
        name: "runner",
        image: pod.runnerImage,
        command: [
          "node",
          `${paths.programs}/${objects.runner}.cjs`,
          ...use.words,
          "--config",
          `${paths.programs}/config.json`,
        ],
        ...(use.ask !== undefined && { env: [{ name: "ASK", value: use.ask }] }),
        // What its record says that it was made by.
        ...(objects.runner === "dump-drill" && { env: [{ name: "RELEASE", value: objects.configMap }] }),
        securityContext: confined,
        resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
        volumeMounts: [
          { name: "programs", mountPath: paths.programs, readOnly: true },
          ...secretMounts(pushSecret, "push-credentials", paths.pushCredentials),
          { name: "exchange", mountPath: paths.exchange },
          { name: "target", mountPath: paths.target },
        ],
      },
    ],
    volumes: [
      { name: "programs", configMap: { name: configMap } },
      ...secretVolumes(secret, "credentials", 0o440),
      // Root's, where no group gets all files of the pod's volumes: the runner, which alone has it mounted, reads it as anybody.
      ...secretVolumes(pushSecret, "push-credentials", 0o444),
      // Of memory, as a client's password file lies there for as long as it runs. Dumps go through it by pipes.
      { name: "exchange", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
      { name: "target", persistentVolumeClaim: { claimName: claim } },
      ...(client.scratch ? [{ name: "scratch", emptyDir: {} }] : []),
      ...(files ? [{ name: "files", persistentVolumeClaim: { claimName: files.claim } }] : []),
    ],
    ...(files && { affinity: besides(files.usedBy) }),
  };
}

function secretMounts(secret: string | undefined, name: string, mountPath: string) {
  return secret === undefined ? [] : [{ name, mountPath, readOnly: true }];
}

function secretVolumes(secret: string | undefined, name: string, defaultMode: number) {
  return secret === undefined ? [] : [{ name, secret: { secretName: secret, defaultMode } }];
}

/** Kubernetes puts other variables in the place of "$(NAME)", and one "$" in the place of two. */
function literally(value: string): string {
  return value.replaceAll("$", "$$$$");
}

const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** On the node of such pods; on any where there is none, as for a restore. */
function besides(matchLabels: Readonly<Record<string, string>>) {
  const podAffinityTerm = { labelSelector: { matchLabels }, topologyKey: "kubernetes.io/hostname" };
  return {
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  };
}

/** Nobody reaches the pod; it reaches its database, the Pushgateway and the cluster's names. */
export function networkPolicySpec(job: string, reaches: readonly Reachable[]) {
  const tcp = (port: number) => [{ protocol: "TCP", port }];
  return {
    podSelector: { matchLabels: podLabels(job) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [],
    egress: [
      { ports: ["UDP", "TCP"].map(protocol => ({ protocol, port: 53 })) },
      ...reaches.map(to =>
        "namespace" in to
          ? {
              to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": to.namespace } } }],
              ports: tcp(to.port),
            }
          : /^[0-9.]+$/.test(to.address)
            ? { to: [{ ipBlock: { cidr: `${to.address}/32` } }], ports: tcp(to.port) }
            : // A name outside of the cluster may be any address.
              { ports: tcp(to.port) },
      ),
    ],
  };
}

/** The host's folder as a volume that nothing else is given, and that no deletion of an object empties. */
export function volumeSpecs({ namespace, target }: DumpPod, { claim }: PodObjects, volume: string) {
  const shared = {
    accessModes: ["ReadWriteMany"],
    storageClassName: "",
  };
  return {
    volume: {
      ...shared,
      // Nobody holds an NFS folder to it.
      capacity: { storage: "1Gi" },
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { namespace, name: claim },
      // A host that answers no more for five minutes is a failure that the runner tells: with "hard", its pod outlives its time-out, and no later run begins.
      mountOptions: ["nfsvers=4.2", "softerr", "timeo=300", "retrans=3"],
      nfs: { server: target.server, path: target.path },
    },
    claim: { ...shared, volumeName: volume, resources: { requests: { storage: "1Gi" } } },
  };
}
