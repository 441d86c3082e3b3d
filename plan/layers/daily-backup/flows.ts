import type { GenerationPolicy } from "../../contracts/daily-backup";
import { shellWord } from "../../contracts/shell-word";
import { datasetId, datasetsOf } from "../../datasets";
import type { Estate } from "../../estate/schema";
import type { Deletion, Flow, Source } from "../../job";
import { generationPolicyOf } from "../../retention";
import { parseDuration } from "../../units/duration";
import type { LvmPvcSnapshotSpec } from "../lvm-pvc-snapshot/spec";
import { hostLocation } from "../places";
import type { DailyBackupSpec, FirewallBackupSpec } from "./spec";

/** Into the variable `newest`: the last of the generations, with a slash. Where there is none, what reads it fails. */
const newest = "for newest in {from}/; do :; done";
/** Where nothing is mounted, the host's own disk would be filled. */
const intoVolume = `mountpoint /mnt/restore && ${newest}`;
const volumeThere = "# with the volume of {claim}, emptied, mounted there (mount -o nosuid,nodev,noexec)";

const filesBack = `${intoVolume} && rsync -aHAXXS --numeric-ids "$newest" /mnt/restore/ ${volumeThere}`;

/** A log that is left beside a database of another time would be applied to it. */
const databasesBack =
  `${intoVolume} && (cd "$newest" && find . -type f -exec ` +
  `sh -c 'for file; do rm -f "/mnt/restore/$file-wal" "/mnt/restore/$file-shm" "/mnt/restore/$file-journal" || exit; done' sh {} + ` +
  `&& cp --archive . /mnt/restore/) # with the volume of {claim} and its files mounted there (mount -o nosuid,nodev,noexec)`;

/**
 * Into a folder in one that root alone can read, whatever modes the copies have: a host that is built anew is not the one that it was, and /etc/pve is one file
 * system for all hosts of a cluster.
 */
function configurationBack(paths: readonly string[]): string {
  const below = paths.map(path => shellWord(`.${path}`)).join(" ");
  return (
    `${newest} && (cd "$newest"files && scratch=$(mktemp --directory --tmpdir=/root) && echo "$scratch/files" && ` +
    `rsync -aHAXXS --numeric-ids --relative ${below} "$scratch/files/") # prints their folder; each file that is needed goes from there to its place by hand`
  );
}

/** What is copied from volumes and from the host itself. */
export function flowsOf(spec: DailyBackupSpec, estate: Estate): Flow[] {
  const flow = (source: Source, folder: string, keep: GenerationPolicy, restore: string): Flow =>
    flowTo(spec, estate, { source, folder, keep, restore });
  const flows: Flow[] = [];
  if (spec.volumes) {
    const { from, excludeNamespaces, keep, more } = spec.volumes;
    const maxAgeMs = maxSnapshotAgeMs(spec, estate);
    const source = { kind: "copies-of", job: from, excludeNamespaces, maxAgeMs } as const;
    flows.push(flow(source, "pvc-data", generationPolicyOf(keep), filesBack));
    for (const further of more)
      flows.push(
        flow(
          { ...source, onlyNamespaces: further.namespaces },
          "pvc-data",
          generationPolicyOf(further.keep),
          filesBack,
        ),
      );
    if (spec.sqlite)
      flows.push(
        flow(
          { ...source, holds: "sqlite" },
          "sqlite-backup",
          generationPolicyOf(spec.sqlite.keep),
          databasesBack,
        ),
      );
  }
  if (spec.configuration) {
    const keep = generationPolicyOf(spec.configuration.keep);
    for (const { id, paths } of configurations(spec.host, estate))
      flows.push(flow({ kind: "dataset", id }, "pve-config", keep, configurationBack(paths)));
  }
  return flows;
}

/** The job whose snapshots are read, as the estate has it. */
export function snapshotsOf(spec: DailyBackupSpec, estate: Estate): LvmPvcSnapshotSpec | undefined {
  return spec.volumes && estate.layers["lvm-pvc-snapshot"].find(({ host }) => host === spec.host);
}

/** How old a snapshot may be that is still copied: by default what its job promises, in ms. */
export function maxSnapshotAgeMs(spec: DailyBackupSpec, estate: Estate): number {
  return parseDuration(spec.volumes?.maxSnapshotAge ?? snapshotsOf(spec, estate)?.promise.rpo ?? "1d");
}

/** What is copied of a firewall. */
export function firewallFlows(entry: FirewallBackupSpec, spec: DailyBackupSpec, estate: Estate): Flow[] {
  return datasetsOf(estate)
    .filter(({ location: { machine } }) => machine.kind === "firewall" && machine.name === entry.name)
    .map(({ id }) =>
      flowTo(spec, estate, {
        source: { kind: "dataset", id },
        folder: entry.name,
        keep: generationPolicyOf(entry.keep),
        restore: `${newest} && ls "$newest"config.xml # restore that one in the firewall's Diagnostics, Backup & Restore`,
      }),
    );
}

/** The trees from which old generations go, each once. */
export function deletionsOf(flows: readonly Flow[]): Deletion[] {
  return [...new Map(flows.map(({ target }) => [target.path, target])).values()].map(location => ({
    location,
    keeps: [],
    scope: "own-generations",
  }));
}

/** Paths of a host that a service calls its configuration, each once. */
export function configurationPaths(host: string, estate: Estate): string[] {
  return [...new Set(configurations(host, estate).flatMap(({ paths }) => paths))];
}

function configurations(host: string, estate: Estate): { id: string; paths: readonly string[] }[] {
  return Object.entries(estate.services).flatMap(([service, { data }]) =>
    data.flatMap(spec =>
      spec.kind === "configuration" && spec.host === host
        ? [{ id: datasetId(`${service}/${spec.name ?? service}`), paths: spec.paths }]
        : [],
    ),
  );
}

interface FlowParts {
  readonly source: Source;
  /** Folder on the backup disk. */
  readonly folder: string;
  readonly keep: GenerationPolicy;
  readonly restore: string;
}

function flowTo(
  { host, target }: DailyBackupSpec,
  estate: Estate,
  { source, folder, keep, restore }: FlowParts,
): Flow {
  return {
    source,
    target: hostLocation(estate, host, `${target}/${folder}`),
    retention: { kind: "count", ...keep },
    periods: keep.every,
    metadata: "kept",
    outOfHostsReach: false,
    verified: true,
    secrets: [],
    restore,
  };
}
