import { type Dataset, datasetsOf } from "../../datasets";
import type { Estate } from "../../estate/schema";
import type { Deletion, Flow, Source } from "../../job";
import { type Retention, retentionOf } from "../../retention";
import { parseDuration } from "../../units/duration";
import type { LvmPvcSnapshotSpec } from "../lvm-pvc-snapshot/spec";
import { hostLocation } from "../places";
import type { DailyBackupSpec, FirewallBackupSpec } from "./spec";

/** What is copied from volumes and from the host itself. */
export function flowsOf(spec: DailyBackupSpec, estate: Estate): Flow[] {
  const files = "rsync -aHAXXS --numeric-ids {from}/ {to}/";
  const volume = "rsync -aHAXXS --numeric-ids {from}/ /mnt/restore/ # with the volume {to} mounted there";
  const flow = (source: Source, folder: string, retention: Retention, restore: string): Flow =>
    flowTo(spec, estate, { source, folder, retention, restore });
  const flows: Flow[] = [];
  if (spec.volumes) {
    const { from, excludeNamespaces, keep, more } = spec.volumes;
    const maxAgeMs = maxSnapshotAgeMs(spec, estate);
    const source = { kind: "copies-of", job: from, excludeNamespaces, maxAgeMs } as const;
    flows.push(flow(source, "pvc-data", retentionOf(keep), volume));
    for (const further of more)
      flows.push(
        flow(
          { ...source, onlyNamespaces: further.namespaces },
          "pvc-data",
          retentionOf(further.keep),
          volume,
        ),
      );
    if (spec.sqlite)
      flows.push(
        flow(
          { ...source, holds: "sqlite" },
          "sqlite-backup",
          retentionOf(spec.sqlite.keep),
          "cp --archive {from}/. /mnt/restore/ # with the volume {to} mounted there",
        ),
      );
  }
  if (spec.configuration)
    for (const { id } of configurations(spec.host, datasetsOf(estate)))
      flows.push(flow({ kind: "dataset", id }, "pve-config", retentionOf(spec.configuration.keep), files));
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
        retention: retentionOf(entry.keep),
        restore: "restore config.xml of {from} in the firewall's Diagnostics, Backup & Restore",
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
  const paths = Object.values(estate.services).flatMap(({ data }) =>
    data.flatMap(dataset => (dataset.kind === "configuration" && dataset.host === host ? dataset.paths : [])),
  );
  return [...new Set(paths)];
}

function configurations(host: string, datasets: readonly Dataset[]): Dataset[] {
  return datasets.filter(({ kind, location }) => kind === "configuration" && location.machine.name === host);
}

interface FlowParts {
  readonly source: Source;
  /** Folder on the backup disk. */
  readonly folder: string;
  readonly retention: Retention;
  readonly restore: string;
}

function flowTo(
  { host, target }: DailyBackupSpec,
  estate: Estate,
  { source, folder, retention, restore }: FlowParts,
): Flow {
  return {
    source,
    target: hostLocation(estate, host, `${target}/${folder}`),
    retention,
    metadata: "kept",
    outOfHostsReach: false,
    verified: true,
    secrets: [],
    restore,
  };
}
