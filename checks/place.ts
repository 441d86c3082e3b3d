import type { Plan } from "../plan";
import { eachDatasetOf } from "../plan/datasets";
import { pathNamed } from "../plan/estate/faults";
import type { Path } from "../plan/estate/lookup";
import type { Finding } from "./check";

/**
 * Where an estate says what a finding is about: a path that may go deeper than what is written there, as a default is
 * written nowhere. Nothing for what no single place says, such as what is found on a host alone.
 */
export function placeOf({ code, subject, evidence }: Finding, plan: Plan): Path | undefined {
  const [family = ""] = code.split("/");
  const { domain, waived, where } = evidence;
  if (typeof waived === "string") return waiver(subject, waived, plan);
  if (typeof where === "string") return pathNamed(where);
  const found = [
    ...(family === "waivers" ? [dataset] : ofOneKind(code)),
    ...(ofJobsFirst.has(family) ? [jobs, ...named] : [...named, jobs]),
  ]
    .map(find => find(subject, plan))
    .find(path => path !== undefined);
  if (found === undefined) return undefined;
  const more =
    code === "promises/rpo" && typeof domain === "string" ? ["promise", "rpo", domain] : below(code);
  return [...found, ...more];
}

/** Families that speak of jobs: a service may be called as one is. */
const ofJobsFirst = new Set(["schedule", "order", "retention"]);

type Find = (subject: string, plan: Plan) => Path | undefined;

const jobs: Find = (subject, plan) => plan.jobs.find(({ called }) => called === subject)?.said;

/** Of one subject several findings may be waived. */
function waiver(subject: string, code: string, { estate }: Plan): Path | undefined {
  return entry(
    "waivers",
    estate.waivers.findIndex(each => each.subject === subject && each.code === code),
  );
}

/** What codes are about: a firewall and the service whose data it is have mostly one name, so have a vault and its secret. */
const kinds: readonly (readonly [code: string, kind: "hosts" | "destinations" | "firewalls" | "secrets"])[] =
  [
    ["security/passphrase-", "secrets"],
    ["security/secret-", "secrets"],
    ["security/unpinned-secret", "secrets"],
    ["promises/secret-", "secrets"],
    ["security/", "destinations"],
    ["security/", "firewalls"],
    ["estate/used-by-nothing", "destinations"],
    ["estate/used-by-nothing", "firewalls"],
    ["capacity/nas", "destinations"],
    ["alerts/nobody-waits", "hosts"],
    ["retention/read-by-nobody", "hosts"],
  ];

function ofOneKind(code: string): Find[] {
  return kinds
    .filter(([start]) => code.startsWith(start))
    .map(
      ([, kind]) =>
        (subject, { estate }) =>
          key(kind, subject, estate[kind]),
    );
}

const named: readonly Find[] = [
  (subject, { estate }) => key("services", subject, estate.services),
  dataset,
  (subject, { estate }) => key("hosts", subject, estate.hosts),
  partOfHost,
  (subject, { estate }) => key("destinations", subject, estate.destinations),
  (subject, { estate }) => key("firewalls", subject, estate.firewalls),
  (subject, { estate }) => key("clusters", subject, estate.clusters),
  (subject, { estate }) => key("secrets", subject, estate.secrets),
  (subject, { estate }) => key("receivers", subject, estate.receivers),
  (subject, { estate: { monitoring } }) =>
    entry(
      ["monitoring", "alerts"],
      monitoring.alerts.findIndex(({ name }) => name === subject),
    ),
  (subject, { estate: { monitoring } }) =>
    entry(
      ["monitoring", "exporters"],
      monitoring.exporters.findIndex(({ job }) => job === subject),
    ),
  (subject, { estate }) =>
    entry(
      "links",
      estate.links.findIndex(({ from, to }) => subject === `${from} > ${to}`),
    ),
  subject => (subject === "pushgateway" ? ["monitoring", "pushgateway"] : undefined),
  subject => (subject === "break-glass" ? ["breakGlass"] : undefined),
  (subject, { estate }) => (subject === estate.name ? [] : undefined),
];

function key(part: string, subject: string, among: Readonly<Record<string, unknown>>): Path | undefined {
  return Object.hasOwn(among, subject) ? [part, subject] : undefined;
}

function entry(list: string | Path, index: number): Path | undefined {
  return index < 0 ? undefined : [...(typeof list === "string" ? [list] : list), index];
}

/** "books/covers": the entry of its service's data. */
function dataset(subject: string, { estate }: Plan): Path | undefined {
  const found = eachDatasetOf(estate).find(({ id }) => id === subject);
  if (!found) return undefined;
  const { data = [] } = estate.services[found.service] ?? {};
  const index = data.findIndex(({ name = found.service }) => name === found.name);
  return ["services", found.service, ...(index < 0 ? [] : ["data", index])];
}

/** A pool or disk as "pve/data", a file system as "pve:/mnt/backup"; a disk of any host as "sda". */
function partOfHost(subject: string, { estate }: Plan): Path | undefined {
  for (const [host, parts] of Object.entries(estate.hosts)) {
    const at = (kind: "pools" | "disks" | "filesystems", name: string): Path | undefined =>
      Object.hasOwn(parts[kind], name) ? ["hosts", host, kind, name] : undefined;
    const found =
      (subject.startsWith(`${host}/`) &&
        (at("pools", subject.slice(host.length + 1)) ?? at("disks", subject.slice(host.length + 1)))) ||
      (subject.startsWith(`${host}:`) && at("filesystems", subject.slice(host.length + 1))) ||
      at("disks", subject);
    if (found) return found;
  }
  return undefined;
}

/** The field below a subject that a check looks at. */
const fields: readonly (readonly [code: string, path: Path])[] = [
  // Of data that is left out: what waives a finding is a place of its own.
  ["waivers/", ["unprotected"]],
  ["schedule/stale-", ["alert"]],
  ["schedule/years-over", ["years"]],
  ["schedule/", ["schedule"]],
  ["order/budget-", ["budget"]],
  ["order/too-much-for-budget", ["budget"]],
  ["order/after-cycle", ["after"]],
  ["order/overlap-", ["schedule"]],
  ["retention/", ["keep"]],
  ["promises/rto", ["promise", "rto"]],
  ["promises/looser-than-larger", ["promise", "rpo"]],
  ["promises/needs-", ["needs"]],
  ["promises/restore-cycle", ["needs"]],
  ["promises/secret-", ["keptIn"]],
  ["security/root-login", ["user"]],
  ["security/unpinned-secret", ["pinned"]],
  ["security/secret-in-one-place", ["keptIn"]],
  ["security/weak-host-key", ["hostKey"]],
  ["security/plaintext-transport", ["transport"]],
  ["security/break-glass-unproven", ["proven"]],
];

function below(code: string): Path {
  return fields.find(([start]) => code.startsWith(start))?.[1] ?? [];
}
