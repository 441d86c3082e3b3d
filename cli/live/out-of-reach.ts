import type { Finding } from "../../checks";
import type { Estate } from "../../plan";
import type { Claim } from "./cluster";
import type { Seen } from "./seen";

/** What no layer reaches: an operator has to know it, and the estate can't say it. */
export function outOfReach(estate: Estate, { hosts, clusters }: Seen): Finding[] {
  const addresses = new Set(hosts.flatMap(({ addresses }) => addresses));
  const known = new Set(hosts.flatMap(({ volumes }) => [...(volumes?.keys() ?? [])]));
  const allHosts = hosts.length === Object.keys(estate.hosts).length;
  const allVolumes = allHosts && hosts.every(({ volumes }) => volumes);
  const lies = ({ lies }: Claim): string | undefined => {
    switch (lies.kind) {
      case "disk":
        return known.has(lies.disk) || !allVolumes
          ? undefined
          : `in no thin pool of the estate (${lies.disk})`;
      case "nfs":
        return addresses.has(lies.server) || !allHosts
          ? undefined
          : `on ${lies.server}:${lies.path}, which is no host of the estate`;
      case "elsewhere":
        return `on a node's own disk (${lies.what}), of which there is a VM's image at best`;
    }
  };
  return [
    ...clusters
      .flatMap(({ claims }) => claims)
      .flatMap(claim => {
        const where = lies(claim);
        if (where === undefined) return [];
        const subject = `claim ${claim.namespace}/${claim.name}`;
        return [reach(subject, `${subject} lies ${where}: no job copies its files.`)];
      }),
    ...hosts.flatMap(({ host, containers = [] }) =>
      containers.map(({ id, name }) =>
        reach(
          `container ${id} (${name})`,
          `Container ${id} (${name}) is on ${host}, and no layer copies containers.`,
        ),
      ),
    ),
    // What a VM's image is made of is a snapshot in a thin pool.
    ...hosts
      .filter(({ host }) => Object.keys(estate.hosts[host]?.pools ?? {}).length === 0)
      .flatMap(({ host, vms = [] }) =>
        vms.map(({ id, name }) =>
          reach(
            `VM ${id} (${name})`,
            `VM ${id} (${name}) is on ${host}, of which the estate has no thin pool: no job copies its image.`,
          ),
        ),
      ),
  ];
}

function reach(subject: string, message: string): Finding {
  return {
    ...{ code: "live/out-of-reach", severity: "warning", subject, message },
    fix: "Move its data to a thin pool or a file system of a host of the estate, or have it backed up by other means.",
    evidence: {},
  };
}
