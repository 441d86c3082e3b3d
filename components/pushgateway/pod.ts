import { pushgatewayPort as port, serverArguments } from "../../plan/pushgateway";

const folder = "/data";
const configFolder = "/etc/pushgateway";
const account = 65_534;

/** @param secret name of the one with its login @param claim name of the one for what it is told */
export function podSpec(image: string, secret: string, claim: string) {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: account, runAsGroup: account, fsGroup: account },
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        ...{ name: "pushgateway", image },
        args: serverArguments(`:${port}`, `${configFolder}/web.yml`, `${folder}/metrics`),
        ports: [{ name: "http", containerPort: port }],
        // Each of its pages asks for the login, its own health too.
        readinessProbe: { tcpSocket: { port } },
        livenessProbe: { tcpSocket: { port }, initialDelaySeconds: 30, periodSeconds: 30 },
        securityContext: {
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          capabilities: { drop: ["ALL"] },
        },
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        volumeMounts: [
          { name: "metrics", mountPath: folder },
          { name: "config", mountPath: configFolder, readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: "metrics", persistentVolumeClaim: { claimName: claim } },
      {
        name: "config",
        secret: { secretName: secret, defaultMode: 0o440, items: [{ key: "web.yml", path: "web.yml" }] },
      },
    ],
  };
}
