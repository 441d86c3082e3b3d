import { daily, dumpOf, mirror, offsite } from "./mutation";
import type { TiredEdit } from "./tired-edits";

const at = (path: string): string => `estate.${path}`;
const login = "monitoring > pushgatewayLogin > password";
const server = "monitoring > pushgatewayServer";
const to = (where: string, value: string, what: string): TiredEdit => [
  what,
  `monitoring > ${where}`,
  value,
  at(`monitoring.${where}`),
];
const image = (value: string, what: string): TiredEdit => [
  what,
  `${server} > image`,
  value,
  at("monitoring.pushgatewayServer.image"),
];
const password = (value: string, what: string): TiredEdit => [
  what,
  login,
  value,
  at("monitoring.pushgatewayLogin.password"),
];
const prometheus = (rest: string, what: string): TiredEdit =>
  to("prometheus", `http://192.168.1.127${rest}`, what);
const host = "http://192.168.1.127";
const node = "http://192.168.1.200:30091";

/** The Pushgateway, Prometheus and who looks at them. */
export const watching: TiredEdit[] = [
  [
    "a server without a login",
    "monitoring > pushgatewayLogin",
    undefined,
    at("monitoring.pushgatewayServer"),
  ],
  [
    "a user with its password",
    "monitoring > pushgatewayLogin > user",
    "holdfast:secret",
    at("monitoring.pushgatewayLogin.user"),
  ],
  password("pushgatway", "a login by a secret with a slip"),
  password("Hunter2!", "a login's password itself"),
  password("synology-admin-password", "the NAS's password to push by"),
  password("postgresql-backup", "a dump's password to push by"),
  password("synology-look-key", "a key of SSH to push by"),
  password("synology-look-password", "the looking account's password to push by"),
  password("synology-retention-password", "the retention's password to push by"),
  password("luks-passphrase", "the volumes' passphrase to push by"),
  password("vault-unseal-keys", "Vault's own keys to push by"),
  password("pve-calls", "the address that the host calls to push by"),
  [
    "the pushing password for the volumes",
    `${daily} > volumes > luksSecrets`,
    ["pushgateway"],
    at("monitoring.pushgatewayLogin.password"),
  ],
  [
    "a secret that jobs push by, removed",
    "secrets > pushgateway",
    undefined,
    at("monitoring.pushgatewayLogin.password"),
  ],
  [
    "a server in a cluster with a slip",
    `${server} > cluster`,
    "k8",
    at("monitoring.pushgatewayServer.cluster"),
  ],
  image("docker.io/prom/alertmanager:v0.28.1", "Alertmanager for the Pushgateway"),
  image("docker.io/prom/prometheus:v3.5.0", "Prometheus' image for the Pushgateway"),
  image("docker.io/prom/pushgateway", "a Pushgateway of no version"),
  image("pushgateway:v1.11.1", "a Pushgateway of no registry"),
  image("docker.io/prom/pushgateway:v0.9.1", "a Pushgateway that knows no login"),
  image("docker.io/prom/pushgateway v1.11.1", "a Pushgateway's version behind a space"),
  [
    "the Pushgateway's own port for a node's",
    `${server} > nodePort`,
    9091,
    at("monitoring.pushgatewayServer.nodePort"),
  ],
  [
    "a node's port with two digits turned round",
    `${server} > nodePort`,
    30_901,
    at("monitoring.pushgateway"),
  ],
  [
    "a storage class in capitals",
    `${server} > storageClass`,
    "Proxmox-lvm-encrypted",
    at("monitoring.pushgatewayServer.storageClass"),
  ],
  to("pushgateway", host, "a Pushgateway at no port"),
  to("pushgateway", `${host}:30019`, "a Pushgateway's port with two digits turned round"),
  to("pushgateway", "https://192.168.1.127:30091", "https at a port that speaks http"),
  to("pushgateway", "http://pfsense.viktorbarzin.me:30091", "the firewall for a node"),
  to("pushgateway", "http://192.168.1.13:30091", "the NAS for a node"),
  to("pushgateway", "http://localhost:30091", "a Pushgateway that each machine is itself"),
  to("pushgateway", "http://127.0.0.1:30091", "a Pushgateway at an address that each machine has"),
  to("prometheus", node, "the Pushgateway for Prometheus"),
  prometheus(":9091", "a Pushgateway's usual port for Prometheus'"),
  prometheus(":9093", "Alertmanager for Prometheus"),
  prometheus(":3000", "Grafana for Prometheus"),
  prometheus(":8006", "the host's pages for Prometheus"),
  prometheus(":9090/graph", "a page of Prometheus 2"),
  prometheus(":9090/query", "a page of Prometheus 3"),
  prometheus(":9090/targets", "Prometheus' page of targets"),
  prometheus(":9090/rules", "Prometheus' page of rules"),
  prometheus(":9090/metrics", "Prometheus' own metrics"),
  prometheus(":9090/api/v1", "Prometheus' API with its path"),
  to("prometheus", "192.168.1.127:9090", "Prometheus without http"),
  to("prometheus", "http://0.0.0.0:9090", "Prometheus at no address"),
  to("prometheus", "https://192.168.1.200:6443", "the cluster's API for Prometheus"),
  to("prometheus", "http://admin:pw@192.168.1.127:9090", "Prometheus with a password"),
  to("alertmanager", `${host}:9090`, "Prometheus for Alertmanager"),
  to("alertmanager", node, "the Pushgateway for Alertmanager"),
  to("alertmanager", `${host}:9093/#/alerts`, "a page of Alertmanager"),
  to("runbooks", "http://localhost/runbooks", "runbooks on whoever's machine"),
  to("runbooks", "https://runbooks.viktorbarzin.me/index.html", "one page for all runbooks"),
  to("longestSilence", "240d", "a silence of most of a year"),
  to("longestSilence", "24s", "a silence of seconds"),
  ["a sign of life each five hours", "monitoring > deadMan > every", "5h", at("monitoring.deadMan.every")],
  [
    "a dashboard for Grafana's address",
    "monitoring > dashboards",
    { grafana: "https://grafana.viktorbarzin.me/d/abc" },
    at("monitoring.dashboards.grafana"),
  ],
];

const formerly = (value: string, what: string, job = daily, layer = "daily-backup"): TiredEdit => [
  what,
  `${job} > alert > formerly`,
  value,
  at(`layers["${layer}"][0].alert.formerly`),
];

/** What alerts were called, and are. */
export const formerNames: TiredEdit[] = [
  formerly("DailyBackup", "a former name that is today's"),
  formerly("WeeklyBackupFailing", "one alert's former name for those of all"),
  formerly("WeeklyBackupStale", "another alert's former name for those of all"),
  formerly("weekly-backup", "a job's former name for its alerts'"),
  formerly("NfsMirror", "another job's alerts for former ones"),
  formerly("OffsiteBackupSync", "alerts that another job has by name for former ones"),
  formerly("LVMSnapshot", "the snapshots' alerts for former ones", mirror, "nfs-mirror"),
  [
    "today's name that is another job's former one",
    `${mirror} > alert > called`,
    "WeeklyBackup",
    at('layers["daily-backup"][0].alert.formerly'),
  ],
  [
    "one alert's name for all of a job's",
    `${offsite} > alert > called`,
    "OffsiteBackupSyncStale",
    at('layers["offsite-sync"][0].alert.called'),
  ],
  [
    "one alert's name for all of a dump's",
    `${dumpOf("postgresql")} > alert > called`,
    "PostgreSQLBackupFailing",
    at('layers["cluster-dump"][0].alert.called'),
  ],
];
