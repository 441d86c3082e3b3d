import { slipOf } from "../contracts/near";
import { mountAbove } from "../layers/places";
import type { Lookup, Path } from "./lookup";
import type { Estate } from "./schema";

/** What is well-formed, known to nobody but the machines themselves, and can't be so on any. */
export function slips(estate: Estate, look: Lookup): void {
  volumeGroups(estate, look);
  for (const [name, host] of Object.entries(estate.hosts)) besideCopies(name, host, look);
  liveForBackups(estate, look);
  configurations(estate, look);
  configuredTwice(estate, look);
  answering(estate, look);
  swappedKeys(estate, look);
  withWhatItOpens(estate, look);
  accounts(estate, look);
}

/** What the installer of Proxmox VE calls its volume group. */
const installed = "pve";

function volumeGroups({ hosts }: Estate, look: Lookup): void {
  for (const [name, { pools }] of Object.entries(hosts))
    for (const [pool, { vg, disk }] of Object.entries(pools)) {
      // Beside that one, another disk has a group of its own, which somebody may have called nearly the same.
      const isSecond = Object.values(pools).some(other => other.vg === installed && other.disk !== disk);
      if (!isSecond && slipOf(vg, [installed]) !== undefined)
        look.fault(
          ["hosts", name, "pools", pool, "vg"],
          vg,
          `is but a letter from what Proxmox VE calls its volume group. Did you mean "${installed}"?`,
        );
    }
}

/** A pool among the copies of what is in it, while a disk of the same host is declared for nothing. */
function besideCopies(
  name: string,
  { disks, pools, filesystems }: Estate["hosts"][string],
  look: Lookup,
): void {
  const used = new Set([...Object.values(pools), ...Object.values(filesystems)].map(({ disk }) => disk));
  const [idle] = Object.keys(disks).filter(disk => !used.has(disk) && disks[disk]?.role !== "backup");
  for (const [pool, { disk }] of Object.entries(pools))
    if (idle !== undefined && disks[disk]?.role === "backup")
      look.fault(
        ["hosts", name, "pools", pool, "disk"],
        disk,
        `is a disk with the role "backup": what is in the pool would lie beside its own copies, and nothing of ${name} lies on "${idle}". Expected "${idle}"`,
      );
}

/** Live data on a disk with the role "backup", while the copies go to another one. */
function liveForBackups(estate: Estate, look: Lookup): void {
  const { hosts, services, layers } = estate;
  const diskBelow = (host: string, path: string): string | undefined =>
    hosts[host]?.filesystems[mountAbove(estate, host, path)]?.disk;
  const targets = Object.values(layers)
    .flat()
    .flatMap(part => {
      if (!("target" in part)) return [];
      if (typeof part.target !== "string") return part.target;
      return "host" in part ? { host: part.host, path: part.target } : [];
    });
  for (const [service, { data }] of Object.entries(services))
    for (const dataset of data) {
      const on = dataset.kind === "database" ? dataset.on : dataset;
      if (!("host" in on)) continue;
      const { host } = on;
      const disk =
        "pool" in on
          ? hosts[host]?.pools[on.pool]?.disk
          : "path" in on
            ? diskBelow(host, on.path)
            : undefined;
      const { disks = {} } = hosts[host] ?? {};
      const at = ["hosts", host, "disks", disk ?? "", "role"];
      if (disk === undefined || disks[disk]?.role !== "backup" || look.isFaulty(at)) continue;
      const written = targets.flatMap(target =>
        target.host === host ? (diskBelow(host, target.path) ?? []) : [],
      );
      const [backup] = written.filter(other => disks[other]?.role === "backup");
      if (backup === undefined || written.includes(disk)) continue;
      look.fault(
        at,
        "backup",
        `is of a disk that ${service} lies on, and the copies of ${host} go to "${backup}": the disaster "backup-disk" would take it and its copies at once. Expected "live"`,
      );
    }
}

/** Where a host of Proxmox VE has what it is set up by: long ones alone, as a letter makes another folder of a short one. */
const configurationPaths = [
  // /etc/networks is a file of Debian's own, beside the folder.
  ...["/etc/pve", "/etc/network", "/etc/networks", "/etc/network/interfaces", "/etc/network/interfaces.d"],
  ...["/etc/systemd/system", "/etc/systemd/network", "/var/lib/pve-cluster"],
  ...["/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/local/etc"],
  // A database may lie beside it.
  "/usr/local/etcd",
];

function configurations({ services }: Estate, look: Lookup): void {
  for (const [service, { data }] of Object.entries(services))
    for (const [index, dataset] of data.entries()) {
      if (dataset.kind !== "configuration") continue;
      for (const [place, path] of dataset.paths.entries()) {
        const meant = configurationPaths.includes(path) ? undefined : slipOf(path, configurationPaths);
        if (meant !== undefined)
          look.fault(
            ["services", service, "data", index, "paths", place],
            path,
            `is no folder of a Proxmox VE host, and all but one. Did you mean "${meant}"?`,
          );
      }
    }
}

/** A host's configuration said of its neighbour, while the host that it is of has none. */
function configuredTwice({ hosts, services, layers }: Estate, look: Lookup): void {
  const all = Object.entries(services).flatMap(([service, { data }]) =>
    data.flatMap((dataset, index) =>
      dataset.kind === "configuration" ? [{ service, index, ...dataset }] : [],
    ),
  );
  const [without, other] = Object.keys(hosts).filter(
    name =>
      layers["daily-backup"].some(({ host, configuration }) => host === name && configuration) &&
      all.every(({ host }) => host !== name),
  );
  if (without === undefined || other !== undefined) return;
  const twice = all.filter(({ host, service, paths }) =>
    all.some(of => of.host === host && of.service !== service && of.paths.some(path => paths.includes(path))),
  );
  const slip = twice.find(({ service }) => service.includes(without)) ?? twice.at(-1);
  if (slip)
    look.fault(
      ["services", slip.service, "data", slip.index, "host"],
      slip.host,
      `is whose configuration another service has already, and nothing says what that of "${without}" is, which its daily-backup keeps. Expected "${without}"`,
    );
}

/** One address and port answers as one thing. */
function answering({ hosts, destinations, clusters, monitoring }: Estate, look: Lookup): void {
  const taken = new Map<string, string>();
  const take = (name: string, address: string, ports: readonly number[]): void => {
    for (const port of ports) taken.set(`${address.toLowerCase()}:${port}`, `SSH or a page of ${name}`);
  };
  for (const [name, { address, ssh }] of Object.entries(hosts)) take(name, address, [ssh.port, 8006]);
  for (const [name, { kind, address, port }] of Object.entries(destinations))
    take(name, address, kind === "synology" ? [port, 5000, 5001] : [port]);
  // Any other port of any other machine may be a tunnel's.
  for (const [name, { reachedAs }] of Object.entries(clusters))
    for (const [index, url] of reachedAs.entries()) {
      const page = taken.get(placeOf(url));
      if (page !== undefined)
        look.fault(
          ["clusters", name, "reachedAs", index],
          url,
          `is where ${page} answers, and no API of Kubernetes. Expected an address of that, e.g. "https://192.168.1.20:6443"`,
        );
    }
  const isHost = (hostname: string): boolean =>
    Object.values(hosts).some(({ address }) => address.toLowerCase() === hostname);
  for (const [name, { api }] of Object.entries(clusters)) {
    if (api === undefined) continue;
    const { hostname } = new URL(api);
    // Any other machine may have a proxy before the nodes.
    const [keeper] = Object.entries(destinations).flatMap(([each, { kind, address }]) =>
      kind === "synology" && address.toLowerCase() === hostname ? [each] : [],
    );
    if (keeper !== undefined && !isHost(hostname))
      look.fault(
        ["clusters", name, "api"],
        api,
        `is the address of destination ${keeper}, which keeps copies and runs none of the nodes. Expected where the cluster's API answers, e.g. "https://192.168.1.20:6443"`,
      );
    else taken.set(withPath(api), `the API of cluster ${name}`);
  }
  const { pushgateway } = monitoring;
  const answersAt = (url: string): string | undefined => taken.get(placeOf(url)) ?? taken.get(withPath(url));
  const other = answersAt(pushgateway);
  if (other !== undefined)
    look.fault(
      ["monitoring", "pushgateway"],
      pushgateway,
      `is where ${other} answers, which takes no metrics. Expected the Pushgateway's own address and port, e.g. "http://192.168.1.10:30091"`,
    );
  else taken.set(withPath(pushgateway), "the Pushgateway");
  for (const [field, called, example] of [
    ["prometheus", "Prometheus", "http://192.168.1.10:9090"],
    ["alertmanager", "Alertmanager", "http://192.168.1.10:9093"],
  ] as const) {
    const url = monitoring[field];
    if (url === undefined) continue;
    const here = answersAt(url);
    if (here !== undefined)
      look.fault(
        ["monitoring", field],
        url,
        `is where ${here} answers, which knows nothing of what ${called} is asked. Expected its own address and port, e.g. "${example}"`,
      );
    else taken.set(withPath(url), called);
  }
}

/** "192.168.1.20:6443" of a URL. */
function placeOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}

/** The same with its path: a proxy has several behind one address and port. */
function withPath(url: string): string {
  return `${placeOf(url)}${new URL(url).pathname.replace(/\/+$/, "")}`;
}

/** A firewall's two ways in, each with the secret that is called after the other. */
function swappedKeys({ firewalls }: Estate, look: Lookup): void {
  for (const [name, { api, ssh }] of Object.entries(firewalls))
    if (isFor("ssh", api.secret) && isFor("api", ssh.secret))
      look.fault(
        ["firewalls", name, "api", "secret"],
        api.secret,
        `is called after SSH, and that of SSH after the API ("${ssh.secret}"): with the two swapped, both ways in fail each night. Expected "${ssh.secret}" here, and "${api.secret}" for SSH`,
      );
}

function isFor(way: "ssh" | "api", secret: string): boolean {
  const words = secret.split("-");
  return words.includes(way) && !words.includes(way === "ssh" ? "api" : "ssh");
}

/** The set that opens copies lies where what it opens is lost with it. */
function withWhatItOpens({ breakGlass, ...sections }: Estate, look: Lookup): void {
  const { hosts, destinations, clusters, firewalls, services } = sections;
  const where = breakGlass?.where
    .trim()
    .toLowerCase()
    .replace(/^["']|["'.!]+$|:\/.*$|,? ((in|at|under|below) )?(the folder )?\/.*$/g, "")
    .replace(/^((with)?in|on|at|inside|into)( of)? ((the|my|our) )?/, "");
  if (where === undefined) return;
  for (const [what, things] of Object.entries({
    host: hosts,
    destination: destinations,
    cluster: clusters,
    firewall: firewalls,
    service: services,
  }))
    if (
      Object.hasOwn(things, where) ||
      (what === "destination" &&
        where === "nas" &&
        Object.values(destinations).some(({ kind }) => kind === "synology"))
    )
      look.fault(
        ["breakGlass", "where"],
        breakGlass?.where,
        `is a ${what} of the estate: whoever has lost that has lost what opens its copies. Expected a place that needs none of them, in words for people, e.g. "with the deeds, bank safe 12, Sofia"`,
      );
}

/** Accounts that a kind of machine always has. */
function accounts({ hosts, firewalls, destinations, layers }: Estate, look: Lookup): void {
  const usual = (at: Path, user: string, known: readonly string[], whose: string): void => {
    const meant = known.some(each => isOwnAccount(user, each)) ? undefined : slipOf(user, known);
    if (meant !== undefined)
      look.fault(
        at,
        user,
        `is but a letter from an account that ${whose} always has. Did you mean "${meant}"?`,
      );
  };
  for (const [name, { ssh }] of Object.entries(hosts))
    usual(["hosts", name, "ssh", "user"], ssh.user, ["root"], "a host of Proxmox VE");
  for (const [name, { ssh }] of Object.entries(firewalls))
    usual(["firewalls", name, "ssh", "user"], ssh.user, ["root", "admin"], "a firewall");
  for (const [name, { kind, user }] of Object.entries(destinations))
    if (kind === "synology")
      usual(
        ["destinations", name, "user"],
        user,
        ["admin", "administrator", "Administrator"],
        "a NAS of Synology",
      );
  for (const [index, { dump }] of layers["cluster-dump"].entries())
    if (dump?.engine === "redis")
      usual(
        ["layers", "cluster-dump", index, "dump", "user"],
        dump.user,
        ["default"],
        "every server of Redis",
      );
}

/** "Admin", "ladmin" and "admins" beside "admin": of somebody's own, and no slip. */
function isOwnAccount(user: string, usual: string): boolean {
  const [ours, theirs] = [user.toLowerCase(), usual.toLowerCase()];
  return ours === theirs || ours === `${theirs}s` || (ours.slice(1) === theirs && ours[0] !== theirs[0]);
}
