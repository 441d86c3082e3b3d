import { dailyBackupJobName } from "../../contracts/daily-backup";
import { nfsMirrorJobName } from "../../contracts/nfs-mirror";
import type { RestoreDrillConfig } from "../../contracts/restore-drill";
import { datasetsOf } from "../../datasets";
import type { Estate } from "../../estate/schema";
import { transferFloor } from "../../graph/transfer";
import type { LayerJob } from "../../job";
import { runnerArgv } from "../../systemd-units";
import { stateFolder } from "../host-runner";
import { hostLocation, isBelow } from "../places";
import type { RestoreDrillSpec } from "./spec";

type Tiers = RestoreDrillConfig["tiers"];
type Leg = Estate["layers"]["offsite-sync"][number]["legs"][number];

/** What there is to drill on a part's backup disk: each by the job of the same host that keeps it there. */
export function tiersOf({ host, target }: Pick<RestoreDrillSpec, "host" | "target">, estate: Estate): Tiers {
  const isHere = (part: { readonly host: string; readonly target: string }): boolean =>
    part.host === host && part.target === target;
  const { "daily-backup": backups, "nfs-mirror": mirrors } = estate.layers;
  const own = backups.filter(isHere);
  const kept = (word: "volumes" | "sqlite" | "configuration"): boolean =>
    own.some(part => part[word] !== undefined);
  return [
    ...(kept("volumes") ? [tier("generations", dailyBackupJobName, `${target}/pvc-data`)] : []),
    ...(kept("sqlite") ? [tier("databases", dailyBackupJobName, `${target}/sqlite-backup`)] : []),
    ...(kept("configuration") ? [tier("configuration", dailyBackupJobName, `${target}/pve-config`)] : []),
    ...(mirrors.some(isHere) ? [tier("mirror", nfsMirrorJobName, target)] : []),
  ];
}

type OnDisk = Exclude<Tiers[number], { kind: "offsite" }>;

function tier(kind: OnDisk["kind"], job: string, below: string, name: string = kind): OnDisk {
  return { ...askedOf(job), tier: name, kind, below };
}

function askedOf(job: string): Pick<Tiers[number], "job" | "command" | "lock"> {
  return { job, command: runnerArgv(job), lock: `${stateFolder(job)}/run.lock` };
}

/** What there is of firewalls on the same disk: each is kept by a job of its own. @param before the jobs that there are */
export function firewallTiersOf(
  { host, target }: Pick<RestoreDrillSpec, "host" | "target">,
  before: readonly LayerJob[],
): Tiers {
  return before.flatMap(job => {
    const isHere = job.host === host && job.deployment.kind !== "planned";
    const isOfFirewall = job.owned?.some(({ kind }) => kind === "device") === true;
    const place = job.flows.find(({ target: { path } }) => isBelow(path, target))?.target.path;
    return isHere && isOfFirewall && place !== undefined ? [tier("firewall", job.name, place, job.name)] : [];
  });
}

/** What there is to drill off site: each destination that a job of the host sends to, called after that job. @param before the jobs that there are */
export function offsiteTiersOf(
  { host }: Pick<RestoreDrillSpec, "host">,
  estate: Estate,
  before: readonly LayerJob[],
): Tiers {
  const isInstalled = (name: string): boolean =>
    before.some(job => job.host === host && job.name === name && job.deployment.kind !== "planned");
  return estate.layers["offsite-sync"]
    .filter(part => part.host === host && isInstalled(part.name))
    .map(({ name, destination, legs }) => {
      const there = { machine: { kind: "destination", name: destination }, path: "/" } as const;
      const { bandwidth } = transferFloor(there, hostLocation(estate, host, "/"), 0, estate) ?? {};
      return {
        ...askedOf(name),
        ...{ tier: name, kind: "offsite", stateDir: stateFolder(name) },
        ...(bandwidth !== undefined && { bytesPerSecond: bandwidth }),
        legs: legs.map(leg => ({
          ...{ from: leg.from, to: `${destination}:${leg.to}`, trees: treesBelow(host, leg, estate) },
          excludes: leg.excludes.map(each => each.name),
          ...(leg.only && { only: leg.only.map(each => each.name) }),
        })),
      };
    });
}

/** Trees of services that a leg takes as a whole. */
function treesBelow(host: string, { from, excludes, only }: Leg, estate: Estate): string[] {
  return datasetsOf(estate).flatMap(({ kind, unprotected, location: { machine, path } }) => {
    if (kind !== "tree" || unprotected || machine.kind !== "host" || machine.name !== host) return [];
    if (!isBelow(path, from)) return [];
    const [entry = ""] = path.slice(from.length + 1).split("/");
    const isCarried = only
      ? only.some(({ name }) => name === entry)
      : !excludes.some(({ name }) => name === entry);
    return isCarried ? [path] : [];
  });
}
