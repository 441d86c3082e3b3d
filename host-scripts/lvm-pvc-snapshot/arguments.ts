import { parseArgs } from "node:util";
import { exitCodesHelp, orUsageError } from "../runtime/arguments";

/** What an operator or a timer asks for. */
export type Command =
  | { readonly kind: "snapshot"; readonly dryRun: boolean }
  | { readonly kind: "prune"; readonly dryRun: boolean }
  | { readonly kind: "list" }
  | { readonly kind: "check-config" }
  | { readonly kind: "report-end" };

export interface SnapshotArguments {
  readonly config: string;
  readonly command: Command;
  readonly json: boolean;
  readonly progress: boolean;
}

export const help = `Usage: lvm-pvc-snapshot [snapshot | list | prune] [--dry-run] [--json] [--progress]

Makes, lists and removes thin snapshots of the volumes of a pool. On a host, the command has its config already.

  snapshot         make a snapshot of each volume, then remove those that have expired; without a word too
  list             each volume's snapshots, the newest first; changes nothing and needs no cluster
  prune            remove those that have expired, and make none; each volume keeps its newest one

  --dry-run        with snapshot and prune: say what would be done; change nothing, report nothing
  --json           one JSON object on stdout at the end; all lines go to stderr
  --progress       show how far a run is
  --config FILE    the release's config.json
  --check-config   validate the config and end
  --report-end     for the unit's ExecStopPost: report a run that could not do it itself
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
        progress: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return undefined;
    const { "dry-run": dryRun, "check-config": checkConfig, "report-end": endReport } = values;
    if (checkConfig && endReport) throw new Error("--check-config and --report-end can't be given together");
    if ((checkConfig || endReport) && (positionals.length > 0 || dryRun))
      throw new Error(`--${checkConfig ? "check-config" : "report-end"} stands alone`);
    if (values.config === undefined) throw new Error("--config FILE is missing");
    const rest = { config: values.config, json: values.json, progress: values.progress };
    if (checkConfig) return { ...rest, command: { kind: "check-config" } };
    if (endReport) return { ...rest, command: { kind: "report-end" } };
    return { ...rest, command: commandOf(positionals, dryRun) };
  });
}

function commandOf(words: readonly string[], dryRun: boolean): Command {
  const [kind = "snapshot", ...more] = words;
  switch (kind) {
    case "snapshot":
    case "prune":
      if (more.length > 0) throw new Error(`${kind} takes no "${more.join(" ")}"`);
      return { kind, dryRun };
    case "list":
      if (more.length > 0) throw new Error(`list takes no "${more.join(" ")}"`);
      if (dryRun) throw new Error("list takes no --dry-run: it changes nothing");
      return { kind };
    default:
      throw new Error(`there is no "${kind}"; expected snapshot, list or prune`);
  }
}
