import type { GenerationPolicy } from "../../contracts/generations";
import { datasetId, datasetsOf } from "../../datasets";
import { exceptVolumes } from "../../estate/except-volumes";
import type { Estate } from "../../estate/schema";
import type { Deletion, Flow, Machine, Source } from "../../job";
import { generationPolicyOf } from "../../retention";
import type { WayBack } from "../../way-back";
import { parseDuration } from "../../units/duration";
import type { LvmPvcSnapshotSpec } from "../lvm-pvc-snapshot/spec";
import { hostLocation } from "../places";
import type { DailyBackupSpec, FirewallBackupSpec } from "./spec";
import { configurationBack, databasesBack, filesBack, firewallBack } from "./ways-back";

/** What is copied from volumes and from the host itself. */
export function flowsOf(spec: DailyBackupSpec, estate: Estate): Flow[] {
  const flow = (source: Source, folder: string, keep: GenerationPolicy, wayBack: WayBack): Flow =>
    flowTo(spec, estate, { source, folder, keep, wayBack });
  const flows: Flow[] = [];
  const host = hostMachine(spec);
  if (spec.volumes) {
    const { from, excludeNamespaces, keep, more } = spec.volumes;
    const maxAgeMs = maxSnapshotAgeMs(spec, estate);
    const source = { kind: "copies-of", job: from, excludeNamespaces, maxAgeMs } as const;
    flows.push(flow(source, "pvc-data", generationPolicyOf(keep), filesBack(host)));
    for (const further of more)
      flows.push(
        flow(
          { ...source, onlyNamespaces: further.namespaces },
          "pvc-data",
          generationPolicyOf(further.keep),
          filesBack(host),
        ),
      );
    if (spec.sqlite)
      flows.push(
        flow(
          { ...source, holds: "sqlite" },
          "sqlite-backup",
          generationPolicyOf(spec.sqlite.keep),
          databasesBack(host),
        ),
      );
  }
  if (spec.configuration) {
    const keep = generationPolicyOf(spec.configuration.keep);
    for (const { id } of configurations(spec.host, estate))
      flows.push(flow({ kind: "dataset", id }, "pve-config", keep, configurationBack(host)));
  }
  return flows;
}

function hostMachine({ host }: DailyBackupSpec): Machine {
  return { kind: "host", name: host };
}

/** The job whose snapshots are read, as the estate has it. */
export function snapshotsOf(spec: DailyBackupSpec, estate: Estate): LvmPvcSnapshotSpec | undefined {
  return spec.volumes && estate.layers["lvm-pvc-snapshot"].find(({ host }) => host === spec.host);
}

/** How old a snapshot may be that is still copied: by default what its job promises, in ms. */
export function maxSnapshotAgeMs(spec: DailyBackupSpec, estate: Estate): number {
  return parseDuration(spec.volumes?.maxSnapshotAge ?? snapshotsOf(spec, estate)?.promise.rpo ?? "1d");
}

/** What is copied of a firewall. @param job the firewall's own */
export function firewallFlows(
  job: string,
  entry: FirewallBackupSpec,
  spec: DailyBackupSpec,
  estate: Estate,
): Flow[] {
  return datasetsOf(estate)
    .filter(({ location: { machine } }) => machine.kind === "firewall" && machine.name === entry.name)
    .map(({ id }) =>
      flowTo(spec, estate, {
        source: { kind: "dataset", id },
        folder: entry.name,
        keep: generationPolicyOf(entry.keep),
        wayBack: firewallBack(hostMachine(spec), job, entry.name),
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
  return exceptVolumes(estate).flatMap(({ service, spec }) =>
    spec.kind === "configuration" && spec.host === host
      ? [{ id: datasetId(`${service}/${spec.name ?? service}`), paths: spec.paths }]
      : [],
  );
}

interface FlowParts {
  readonly source: Source;
  /** Folder on the backup disk. */
  readonly folder: string;
  readonly keep: GenerationPolicy;
  readonly wayBack: WayBack;
}

function flowTo(
  { host, target }: DailyBackupSpec,
  estate: Estate,
  { source, folder, keep, wayBack }: FlowParts,
): Flow {
  return {
    source,
    target: hostLocation(estate, host, `${target}/${folder}`),
    retention: { kind: "count", ...keep },
    metadata: "kept",
    outOfHostsReach: false,
    verified: true,
    secrets: [],
    wayBack,
  };
}
