import { mustOnHost } from "../../lab/hosts";
import { applyObjects } from "../../lab/house/objects";
import { claims, type HouseClaim } from "../../lab/house/claims";
import { makeVolumes } from "../../lab/house/volumes";
import { estate } from "../../lab/stacks/lab/estate";
import { parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { directory, volume } from "../../stacks/builders";

/** What `holdfast lose` prints for the house's services, and what it takes to run that as it is printed. */

/** A volume whose names and attributes trip careless programs, and one with a database. */
export const [files, database] = ["nextcloud/html", "vaultwarden/data"].map(claimCalled) as [
  HouseClaim,
  HouseClaim,
];

function claimCalled(called: string): HouseClaim {
  const claim = claims.find(({ namespace, name }) => `${namespace}/${name}` === called);
  if (!claim) throw new Error(`the house has no claim ${called}`);
  return claim;
}

/** Their volumes on `pve`, and the claims themselves. */
export async function makeClaims(): Promise<void> {
  await Promise.all([makeVolumes(() => undefined, [files, database]), applyObjects([files, database])]);
}

/** By service and the jobs by which its copy came, what is printed to restore it. */
export function printedRestores(): ReadonlyMap<string, string> {
  const lab = estate();
  const plan = planOf(
    parseEstate({
      ...lab,
      services: {
        ...lab.services,
        files: { ...volume(files.namespace, "64MB", { claim: files.name }), needs: [] },
        database: {
          ...volume(database.namespace, "64MB", { claim: database.name, holds: "sqlite" }),
          needs: [],
        },
        tree: directory("/srv/nfs/nasty", "64MB"),
        firewall: { data: [{ kind: "device", firewall: "pfsense", size: "1MB" }] },
      },
    }),
  );
  return new Map(
    plan.copies.map(copy => {
      const folder = copy.location.path.includes("/sqlite-backup/") ? " sqlite" : "";
      const jobs = copy.way.jobs.map(({ name }) => name).join(" ");
      return [`${copy.dataset.service}: ${jobs}${folder}`, restoreText(restoreSteps(copy))];
    }),
  );
}

/**
 * Type, mode, owner, time, size, number of names, link target, content, ACL and attributes of each entry below a folder of `pve`,
 * which names are one file, and which files have holes. The root's own time is left out.
 */
export function describeTree(path: string): Promise<string> {
  return mustOnHost("pve", describe(path), { timeoutMs: 300_000 });
}

/** The same of a volume, while it is mounted for that. */
export function describeVolume({ volume: name }: HouseClaim): Promise<string> {
  return mustOnHost("pve", inVolume(name, "ro", describe(mountPoint)), { timeoutMs: 300_000 });
}

/** Changes what a volume holds. */
export async function changeVolume({ volume: name }: HouseClaim, script: string): Promise<void> {
  await mustOnHost("pve", inVolume(name, "rw", `(cd ${mountPoint}; ${script})`), { timeoutMs: 300_000 });
}

/** What a command says in a volume. */
export function askVolume({ volume: name }: HouseClaim, script: string): Promise<string> {
  return mustOnHost("pve", inVolume(name, "rw", `(cd ${mountPoint}; ${script})`), { timeoutMs: 300_000 });
}

const mountPoint = "/run/printed-restores";

function inVolume(name: string, access: "ro" | "rw", script: string): string {
  return `set -e; lvchange -qq -ay -K pve/${name}; mkdir -p ${mountPoint}
mount -o ${access},nosuid,nodev,noexec /dev/pve/${name} ${mountPoint}; trap 'umount ${mountPoint}' EXIT
${script}`;
}

function describe(path: string): string {
  return `(set -e; cd ${path}
stat -c '%F %a %u:%g' .
find . -mindepth 1 -name lost+found -prune -o -mindepth 1 -printf '%P %y %m %U:%G %T@ %s %n %l\\0' | sort -z | tr '\\n\\0' '?\\n'
find . -type f -print0 | sort -z | xargs -0 -r sha256sum
find . -type f -links +1 -printf '%i %P\\n' | sort | awk '{ printf "%s%s", ($1 == last ? " = " : "\\n"), $2; last = $1 }'
find . -type f -size +1M -printf '%P %b %s\\n' | awk '{ print $1, ($2 * 512 < $3 / 2 ? "has holes" : "is whole") }' | sort
getfacl -R -n -P . | grep -v '^# file: lost'
find . ! -name lost+found -print0 | sort -z | xargs -0 getfattr -P -h -d -m - -e hex --)`;
}

/** Pastes what is printed into root's shell. @returns what it said */
export function paste(text: string): Promise<string> {
  return mustOnHost("pve", "bash --norc -e 2>&1", { input: text, timeoutMs: 600_000 });
}
