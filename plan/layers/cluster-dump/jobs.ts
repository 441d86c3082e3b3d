import { datasetId } from "../../datasets";
import type { Estate } from "../../estate/schema";
import { askCommand } from "../../contracts/ask-command";
import {
  certificateEndMetric,
  tokenEndMetric,
  clusterDumpMetricNames,
  clusterDumpMetrics,
  databaseSuccessMetric,
} from "../../contracts/cluster-dump";
import type { Judgement, JobAlert, LayerJob } from "../../job";
import { retentionOf } from "../../retention";
import type { Machine } from "../../place";
import { setCommand } from "../../set-secret";
import { parseSize } from "../../units/size";
import { blanks, phrase, type Phrase, type WayBack } from "../../way-back";
import { cronTrigger, runOf } from "../common";
import { secretCredential } from "../host-runner";
import { hostLocation } from "../places";
import { deploymentOf } from "./pod";
import { canDrill, engines, metricsOf } from "./engines";
import type { Engine } from "./engines/engine";
import { type ClusterDumpSpec, type DumpSpec, secretOf } from "./spec";
import { dumpPanels, othersDumpPanels } from "./panels";

export function clusterDumpJob(spec: ClusterDumpSpec, estate: Estate): LayerJob {
  const trigger = cronTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const target = hostLocation(estate, spec.target.host, spec.target.path);
  return {
    name: spec.name,
    runsOn: { kind: "cluster", name: spec.cluster },
    host: spec.cluster,
    namespace: spec.namespace,
    trigger,
    ...run,
    flows: [
      {
        source: { kind: "dataset", id: datasetId(spec.dataset) },
        target,
        retention: retentionOf(spec.keep),
        metadata: "kept",
        outOfHostsReach: false,
        verified: spec.verified,
        ...(spec.size !== undefined && { generationBytes: parseSize(spec.size) }),
        secrets: [],
        wayBack: wayBackOf(spec, target.machine),
      },
    ],
    deletes: [{ location: target, keeps: [], scope: "own-generations" }],
    provedBy: "a server that takes its dump",
    metricsJob: spec.name,
    // Another program's dump tells what the reference has, and no more.
    metrics: spec.dump
      ? [
          ...clusterDumpMetrics(metricsOf(spec.dump)),
          databaseSuccessMetric,
          ...(engineOf(spec.dump).certificates === undefined ? [] : [certificateEndMetric]),
          ...(engineOf(spec.dump).token === undefined ? [] : [tokenEndMetric]),
        ]
      : clusterDumpMetrics("backup").filter(({ meaning }) => meaning !== "other" && meaning !== "duration"),
    alerts: spec.dump ? alertsOf(spec, spec.dump, run.judged) : [],
    ...(spec.dump && canDrill(spec.dump) && { takesDrill: true }),
    panels: spec.dump ? dumpPanels : othersDumpPanels,
    credentials: credentialsOf(spec, estate),
    deployment: deploymentOf(spec, estate, trigger, run),
  };
}

/** Only the database's own program knows how a dump is read back: what this layer makes, it restores too. */
function wayBackOf({ name, namespace, cluster, dump }: ClusterDumpSpec, machine: Machine): WayBack {
  const where = { kind: "cluster", name: cluster } as const;
  const way = dump && wayOf(dump);
  if (way && "byHand" in way)
    return {
      steps: [
        {
          ...{ kind: "manual", where },
          text: phrase`${way.byHand} ${blanks.from}`,
          changes: "it has what it had when the dump was taken",
          ...{ undo: way.undo, verifies: way.verifies },
        },
      ],
    };
  if (way)
    return {
      steps: [
        {
          ...{ kind: "command", where, argv: restoring(namespace, name), ...way },
          verifies:
            "its log ends with what each database is as of: every dump was compared with its SHA-256 before, and all that its manifest counts after",
        },
      ],
    };
  return {
    steps: [
      {
        ...{ kind: "manual", where: machine },
        text: phrase`by hand, as this version only plans this job: with the database's own client, from the newest good dump in ${blanks.from}; CronJob ${name} in ${namespace} makes dumps and restores none`,
        changes: "the database has what it had when the dump began",
        undo: "a dump of the database, made before; nothing else keeps what it has now",
        verifies: "the client ends with 0, and what uses the database finds its newest entries",
      },
    ],
  };
}

/** Its last word is a shell's, in which what is asked for stands last of its own word. */
function restoring(namespace: string, name: string): readonly Phrase[] {
  const asked = "ASK=restore";
  return askCommand(namespace, name, "restore").map(word => {
    const end = word.indexOf(asked) + asked.length;
    return word.includes(asked) ? phrase`${word.slice(0, end)}${blanks.at}${word.slice(end)}` : word;
  });
}

/** The client's, and what the runner pushes by. */
function credentialsOf({ dump }: ClusterDumpSpec, { monitoring }: Estate) {
  const secrets = dump ? [secretOf(dump), monitoring.pushgatewayLogin?.password] : [];
  return secrets.flatMap(secret => (secret === undefined ? [] : [secretCredential(secret)]));
}

function wayOf(dump: DumpSpec): Engine["wayBack"] {
  if (dump.engine === "command" && dump.restore === undefined)
    return {
      byHand:
        'by hand, as the estate has no "restore" for it: with the programs that made it, from the newest dump that its .json says to be good, unpacked by gunzip, below',
      undo: "a dump of what is there, made before by the same programs",
      verifies: "the programs end with 0, and what uses it finds its newest entries",
    };
  return engines[dump.engine].wayBack;
}

/** A run can succeed in all but one database night after night, and one that was dropped is in no run any more. */
function alertsOf(
  { name, target }: ClusterDumpSpec,
  dump: DumpSpec,
  { staleAfterMs }: Judgement,
): JobAlert[] {
  const [{ certificates, token }, secret] = [engineOf(dump), secretOf(dump)];
  return [
    {
      name: "DatabaseDumpStale",
      metric: clusterDumpMetricNames.databaseSuccess,
      fires: { kind: "older", thanMs: staleAfterMs },
      summary: `${name} has had no good dump of database "{{ $labels.database }}" for {{ $value | humanizeDuration }}, the limit is ${Math.round(staleAfterMs / 1000)} s. If it was dropped on purpose: its dumps are in ${target.path} of ${target.host}, and are told of for as long as they are there`,
    },
    ...(certificates === undefined || secret === undefined
      ? []
      : [
          {
            name: "DumpCertificateEnds",
            metric: clusterDumpMetricNames.certificateEnd,
            fires: { kind: "ends", withinMs: certificateLeftMs } as const,
            summary: `Certificate "{{ $labels.certificate }}" in the secret ${secret} of ${name} has {{ $value | humanizeDuration }} left, and each dump fails from then on. Make another one (${certificates}), then ${setCommand(secret)} <FILE; pulumi up`,
          },
        ]),
    ...(token === undefined || secret === undefined
      ? []
      : [
          {
            name: "DumpTokenEnds",
            metric: clusterDumpMetricNames.tokenEnd,
            fires: { kind: "ends", withinMs: tokenLeftMs } as const,
            summary: `The token in the secret ${secret} of ${name} has {{ $value | humanizeDuration }} left, as runs don't renew it (their log says why) or it has no period of a week or more, and each dump fails from then on. Make another one (${token}), then ${setCommand(secret)} <FILE; pulumi up`,
          },
        ]),
  ];
}

/** Time enough for somebody who is on holiday: no dump is missed meanwhile. */
const certificateLeftMs = 21 * 86_400_000;

/** A long weekend. It is less than a week, as a token with that period, renewed each night, always has six days left. */
const tokenLeftMs = 5 * 86_400_000;

function engineOf({ engine }: DumpSpec): Engine {
  return engines[engine];
}
