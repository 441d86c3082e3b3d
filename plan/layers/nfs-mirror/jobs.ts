import { scrubJobName } from "../../contracts/backup-scrub";
import { changeTrackerJobName } from "../../contracts/nfs-change-tracker";
import {
  heldBytes,
  heldEntries,
  type NfsMirrorConfig,
  nfsMirrorJobName,
  nfsMirrorMetrics,
} from "../../contracts/nfs-mirror";
import type { Estate } from "../../estate/schema";
import type { JobAlert, LayerJob } from "../../job";
import { blanks, phrase } from "../../way-back";
import { parseDuration } from "../../units/duration";
import { runOf, timerTrigger } from "../common";
import { journalOf } from "../nfs-change-tracker/wanted";
import { mountOf, timerOf, runnerConfig, stateFolder } from "../host-runner";
import { onDisk } from "../places";
import type { NfsMirrorSpec } from "./spec";
import { mirrorPanels } from "./panels";

export function nfsMirrorJob(spec: NfsMirrorSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const machine = { kind: "host", name: spec.host } as const;
  const source = { machine, ...onDisk(estate, spec.host, spec.source), path: spec.source };
  const target = { machine, ...onDisk(estate, spec.host, spec.target), path: spec.target };
  const changes = changesOf(spec, estate);
  return {
    name: nfsMirrorJobName,
    runsOn: machine,
    host: spec.host,
    trigger,
    ...run,
    flows: [
      {
        source: { kind: "tree", location: source, excludes: spec.excludes },
        target,
        retention: { kind: "latest" },
        metadata: "kept",
        outOfHostsReach: false,
        verified: true,
        ...(changes && { unheardWithinMs: changes.compareAllMs }),
        secrets: [],
        wayBack: {
          called: [blanks.entry],
          steps: [
            {
              ...{ kind: "command", where: machine },
              argv: [nfsMirrorJobName, "restore", [blanks.entry], [blanks.below]],
              changes: phrase`${blanks.to} is what the mirror has; what was there is kept aside on the same disk. What uses it is stopped before: a file that stays open is one of those that are put aside`,
              undo: phrase`nfs-mirror restore --rollback -- ${blanks.entry}`,
              verifies:
                "it ends with 0 after all that came back was compared with the mirror by content, owner, mode, times, ACL, attributes and links",
            },
          ],
        },
        said: { source: ["source"], target: ["target"] },
      },
    ],
    deletes: [
      { location: target, keeps: spec.keep.map(kept => kept.name), keepsMore: true, scope: "whole-tree" },
    ],
    journal: { kind: "writes", below: spec.target, ...(changes && { reads: spec.source }) },
    metricsJob: nfsMirrorJobName,
    metrics: nfsMirrorMetrics,
    alerts: alertsOf(spec),
    panels: mirrorPanels,
    ...timerOf({
      job: nfsMirrorJobName,
      runner: nfsMirrorJobName,
      description: `Mirror of ${spec.source} to ${spec.target}`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [spec.source, spec.target],
      background: true,
      rights: { reads: [spec.source], writes: [spec.target], files: "all", volumes: "none", parses: false },
      // Its cursor lies in the journal of whoever watches the source, who may not have run yet.
      makes: changes ? [changes.journal] : [],
      credentials: [],
      config: configOf(spec, estate, run.budgetMs),
    }),
  };
}

/** Of which nobody need be told: what a night or two keep back. Beyond that it fills the disk, also where each run is a success. */
const mostHeld = { bytes: 1024 ** 3, entries: 100_000 };

function alertsOf({ host, target }: NfsMirrorSpec): JobAlert[] {
  const many = (name: string, metric: string, than: number, value: string): JobAlert => ({
    name,
    metric,
    fires: { kind: "above", than },
    summary: `nfs-mirror on ${host} keeps ${value} on ${target} that the source has no more, until somebody answers for it: nfs-mirror list says of each service why, and what to type`,
  });
  return [
    many("NfsMirrorHoldsMuch", heldBytes, mostHeld.bytes, "{{ $value | humanize1024 }}B"),
    many("NfsMirrorHoldsMany", heldEntries, mostHeld.entries, "{{ $value }} entries"),
  ];
}

/** Some 150 MB of memory. A first run has more, and looks at all of the tree anyway. */
const mostListed = 500_000;

/** Where a tracker of the host notes what changes in the source. */
function changesOf({ host, source, compareAll }: NfsMirrorSpec, estate: Estate): NfsMirrorConfig["changes"] {
  const journal = journalOf(host, source, estate);
  return journal === undefined
    ? undefined
    : { writer: changeTrackerJobName, journal, compareAllMs: parseDuration(compareAll) };
}

function configOf(spec: NfsMirrorSpec, estate: Estate, budgetMs: number): NfsMirrorConfig {
  const changes = changesOf(spec, estate);
  return {
    job: nfsMirrorJobName,
    ...runnerConfig(nfsMirrorJobName, spec.host, budgetMs, estate),
    source: mountOf(estate, spec.host, spec.source),
    target: mountOf(estate, spec.host, spec.target),
    excludes: spec.excludes.map(exclude => exclude.name),
    keep: spec.keep.map(kept => kept.name),
    nested: nestedOf(spec, estate),
    accepted: spec.accepted,
    rewritten: spec.rewritten.map(rewritten => rewritten.name),
    mostListed,
    maxDeletions: spec.maxDeletions,
    collapse: spec.collapse,
    ...(changes && { changes }),
    ...(isScrubbed(spec, estate) && { sumsDir: stateFolder(scrubJobName) }),
  };
}

/** Whether a job reads the backup disk against checksums. */
function isScrubbed({ host, target }: NfsMirrorSpec, estate: Estate): boolean {
  return estate.layers["daily-backup"].some(
    backup => backup.host === host && backup.target === target && backup.scrub !== undefined,
  );
}

/** File systems of the host that the estate has below the source, but for those in excluded entries. */
function nestedOf({ host, source, excludes }: NfsMirrorSpec, estate: Estate): NfsMirrorConfig["nested"] {
  const isExcluded = (path: string): boolean => excludes.some(({ name }) => name === path.split("/", 1)[0]);
  return Object.entries(estate.hosts[host]?.filesystems ?? {})
    .filter(([mount]) => mount.startsWith(`${source}/`))
    .map(([mount, { fsUuid }]) => ({ path: mount.slice(source.length + 1), fsUuid }))
    .filter(({ path }) => !isExcluded(path));
}
