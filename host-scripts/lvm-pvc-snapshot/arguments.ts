import { parseArgs } from "node:util";
import { exitCodesHelp, orUsageError } from "../runtime/arguments";
import { parseMoment } from "../runtime/moment";
import type { RestoreAsked } from "./restore/resolve";

/** What an operator or a timer asks for. */
export type Command =
  | { readonly kind: "snapshot"; readonly dryRun: boolean }
  | { readonly kind: "prune"; readonly dryRun: boolean }
  /** @param only name of a volume, or "NAMESPACE/CLAIM"; all of them unless given */
  | { readonly kind: "list"; readonly only?: string; readonly versions?: boolean }
  /** @param only the same; the newest snapshot of each unless given */
  | { readonly kind: "verify"; readonly only?: string }
  /** @param volume name of a volume that is meant to be gone */
  | { readonly kind: "forget"; readonly volume: string }
  | { readonly kind: "restore"; readonly request: RestoreAsked }
  | { readonly kind: "check-config" }
  | { readonly kind: "report-end" }
  | { readonly kind: "unfinished" };

export interface SnapshotArguments {
  readonly config: string;
  readonly command: Command;
  readonly json: boolean;
  readonly progress: boolean;
}

export const help = `Usage: lvm-pvc-snapshot [run | prune] [--dry-run] [--json] [--progress]
       lvm-pvc-snapshot list [VOLUME | NAMESPACE/CLAIM | --versions] [--json]
       lvm-pvc-snapshot verify [VOLUME | NAMESPACE/CLAIM] [--json]
       lvm-pvc-snapshot restore VOLUME | NAMESPACE/CLAIM [SNAPSHOT | --at TIME] [--dry-run] [--no-workload] [--wait SECONDS]
       lvm-pvc-snapshot restore VOLUME | NAMESPACE/CLAIM --resume | --rollback
       lvm-pvc-snapshot forget VOLUME

Makes, lists, removes and restores thin snapshots of the volumes of a pool. On a host, the command has its config already.

  run              make a snapshot of each volume, then remove those that have expired; without a word too, and as "snapshot"
  list             each volume's snapshots, or those of one, the newest first; changes nothing and needs no cluster
  verify           the newest snapshot of each volume, or all of one: whether a device can be made of it, and whether the file
                   system on it is whole; changes nothing
  prune            remove those that have expired, and make none; each volume keeps its newest one
  forget           a volume that was covered is meant to be gone: no run reports it as missing any more
  restore          give a volume the data of one of its snapshots, the newest unless said: its workload is scaled down and
                   back, the volume as it was is kept under a dated name

  --at TIME        with restore: the newest snapshot that is not younger, e.g. 2026-05-26T03:00:00Z, "2026-05-26 03:00" by this
                   host's clock, or 2026-05-26 for the end of that day
  --resume         with restore: go on with one that was interrupted
  --rollback       with restore: give the workload its old volume back
  --no-workload    with restore: nothing uses the volume, and the cluster isn't asked
  --wait SECONDS   with restore: how long pods and volumes are waited for, each; 300 unless said
  --dry-run        say what would be done; change nothing, report nothing
  --versions       with list: each snapshot that is there, for a program
  --json           one JSON object on stdout at the end; all lines go to stderr
  --progress       show how far a run is
  --config FILE    the release's config.json
  --check-config   validate the config and end
  --report-end     for the unit's ExecStopPost: report a run that could not do it itself
  --unfinished     for a release: name what has begun and not ended, a line each
  --help           this text

${exitCodesHelp}`;

/** @returns undefined when help was asked for. @throws {RunnerError} that names the fault of the usage */
export function parseSnapshotArguments(job: string, argv: readonly string[]): SnapshotArguments | undefined {
  return orUsageError(job, () => {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        "check-config": { type: "boolean", default: false },
        "report-end": { type: "boolean", default: false },
        unfinished: { type: "boolean", default: false },
        progress: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        versions: { type: "boolean", default: false },
        ...restoreFlags,
      },
    });
    if (values.help) return undefined;
    if (positionals[0] !== "restore") refuseRestoreFlags(values);
    const { "dry-run": dryRun } = values;
    const alone = (["check-config", "report-end", "unfinished"] as const).filter(kind => values[kind]);
    const [kind] = alone;
    if (alone.length > 1) throw new Error(`--${alone.join(" and --")} can't be given together`);
    if (kind !== undefined && (positionals.length > 0 || dryRun)) throw new Error(`--${kind} stands alone`);
    if (values.config === undefined) throw new Error("--config FILE is missing");
    if (values.versions && (positionals[0] !== "list" || positionals.length > 1))
      throw new Error("--versions goes with list alone");
    const rest = { config: values.config, json: values.json, progress: values.progress };
    if (kind !== undefined) return { ...rest, command: { kind } };
    if (positionals[0] === "restore") {
      const request = restoreRequest(positionals.slice(1), dryRun, values);
      return { ...rest, command: { kind: "restore", request } };
    }
    const command = commandOf(positionals, dryRun);
    return { ...rest, command: values.versions ? { kind: "list", versions: true } : command };
  });
}

const restoreFlags = {
  resume: { type: "boolean" },
  rollback: { type: "boolean" },
  "no-workload": { type: "boolean" },
  wait: { type: "string" },
  at: { type: "string" },
} as const;

type RestoreFlags = Readonly<
  Partial<Record<"resume" | "rollback" | "no-workload", boolean> & Record<"wait" | "at", string>>
>;

function refuseRestoreFlags(values: RestoreFlags): void {
  const given = (["resume", "rollback", "no-workload", "wait", "at"] as const).find(
    flag => values[flag] !== undefined,
  );
  if (given !== undefined) throw new Error(`--${given} goes with restore alone`);
}

function restoreRequest(words: readonly string[], dryRun: boolean, flags: RestoreFlags): RestoreAsked {
  const [what, snapshot, ...more] = words;
  const { resume = false, rollback = false, wait = "300", at } = flags;
  if (what === undefined) throw new Error("restore needs a VOLUME or a NAMESPACE/CLAIM; see: list");
  if (more.length > 0) throw new Error(`restore takes no "${more.join(" ")}"`);
  if (resume && rollback) throw new Error("--resume and --rollback can't be given together");
  const choices = [
    ...(snapshot === undefined ? [] : ["a SNAPSHOT"]),
    ...(at === undefined ? [] : ["--at"]),
    ...(resume || rollback ? [resume ? "--resume" : "--rollback"] : []),
  ];
  // Who goes on may name the snapshot, as those commands that an earlier version printed do.
  if (at !== undefined && choices.length > 1)
    throw new Error(`${choices.join(" and ")} can't be given together`);
  if (!/^[1-9]\d{0,5}$/.test(wait))
    throw new Error(`--wait is "${wait}", expected seconds. Example: --wait 600`);
  const action = resume ? "resume" : rollback ? "rollback" : "restore";
  const workload = flags["no-workload"] !== true;
  return {
    ...{ what, snapshot, action, dryRun, workload, waitMs: Number(wait) * 1000 },
    ...(at === undefined ? {} : { atMs: parseMoment(at) }),
  };
}

function commandOf(words: readonly string[], dryRun: boolean): Command {
  const [word = "run", ...more] = words;
  const kind = word === "run" ? "snapshot" : word;
  switch (kind) {
    case "snapshot":
    case "prune":
      if (more.length > 0) throw new Error(`${word} takes no "${more.join(" ")}"`);
      return { kind, dryRun };
    case "forget": {
      const [volume, ...further] = more;
      if (volume === undefined) throw new Error("forget needs a VOLUME; see: list");
      if (further.length > 0) throw new Error(`forget takes no "${further.join(" ")}"`);
      if (dryRun) throw new Error("forget takes no --dry-run: it is undone when the volume is there again");
      return { kind, volume };
    }
    case "list":
    case "verify": {
      const [only, ...further] = more;
      if (further.length > 0) throw new Error(`${kind} takes no "${further.join(" ")}"`);
      if (dryRun) throw new Error(`${kind} takes no --dry-run: it changes nothing`);
      return { kind, ...(only === undefined ? {} : { only }) };
    }
    default:
      throw new Error(`there is no "${kind}"; expected run, list, verify, restore, prune or forget`);
  }
}
