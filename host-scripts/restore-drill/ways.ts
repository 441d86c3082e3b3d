import { type Chain, type DrillRecord, drillStateName } from "../../plan/contracts/drill-record";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { proveBackupDisk } from "../runtime/backup-disk";
import { Refusal } from "../runtime/errors";
import { momentText } from "../runtime/moment";
import { noted, quoted } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";
import { sizeText } from "../runtime/size-text";
import type { Answer, ListRequest, WayContext, Ways } from "../runtime/ways";
import { evidenceFiles, readEvidence } from "./evidence";
import { readState } from "../runtime/drill-state";
import { keyOf } from "./turns";

/** What an operator may ask of the drills. They keep no copies: there is nothing to restore. */
export const ways: Ways<RestoreDrillConfig> = {
  list: {
    usage: "[SERVICE]",
    does: "the last drill of each copy, or each drill of one: what came back, how long it took, what it was compared with",
    run: list,
  },
  verify: {
    usage: "",
    does: "whether the records of all drills are those that were written, each one and in their order",
    run: verify,
  },
};

async function read({ config, log, stop }: WayContext<RestoreDrillConfig>): Promise<Chain> {
  await proveBackupDisk(config, "read", { log, stop, dryRun: true });
  return readEvidence(config, readState(config.stateDir).lastRecord);
}

async function list({ what }: ListRequest, context: WayContext<RestoreDrillConfig>): Promise<Answer> {
  const { records, faults } = await read(context);
  const { host } = context.config;
  const own = records.filter(record => record.host === host);
  const last = new Map(own.map(record => [keyOf(record), record]));
  const rows =
    what === undefined
      ? [...last.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      : own.filter(({ of }) => of === what).reverse();
  if (what !== undefined && rows.length === 0)
    throw new Refusal(
      `nothing called "${what}" was ever drilled; expected a service of the mirror, or NAMESPACE/CLAIM`,
      shell`${context.config.job} list`,
    );
  return {
    text: [
      ...(rows.length === 0 ? ["Nothing was drilled yet."] : rows.map(lineOf)),
      ...strangersIn(records, host),
    ].join("\n"),
    result: { drills: rows },
    ...brokenBy(faults, context),
  };
}

/** A disk that was another host's has that one's records, which prove nothing of what is here. */
function strangersIn(records: readonly DrillRecord[], own: string): string[] {
  const others = records.filter(({ host }) => host !== own);
  const names = [...new Set(others.map(({ host }) => quoted(host)))].join(", ");
  return others.length === 0
    ? []
    : [
        `${others.length} more records are of drills on another host, by the name ${names}: none proves anything here`,
      ];
}

async function verify({ what }: ListRequest, context: WayContext<RestoreDrillConfig>): Promise<Answer> {
  if (what !== undefined)
    throw new Refusal(
      `verify looks at all records, and takes no "${what}"`,
      shell`${context.config.job} verify`,
    );
  const { records, faults } = await read(context);
  const [first, last] = [records[0], records.at(-1)];
  return {
    text:
      faults.length > 0
        ? faults.join("\n")
        : first && last
          ? `${records.length} records, from ${momentText(Date.parse(first.at))} to ${momentText(Date.parse(last.at))}, are those that were written. The last one's hash: ${last.hash}`
          : "Nothing was drilled yet.",
    result: { records: records.length, last: last?.hash, faults },
    ...brokenBy(faults, context),
  };
}

function brokenBy(
  [first, ...more]: readonly string[],
  { config }: WayContext<RestoreDrillConfig>,
): Pick<Answer, "failure"> {
  if (first === undefined) return {};
  const [own, disk] = evidenceFiles(config);
  return {
    failure: {
      failed: `the records of drills aren't those that were written: ${first}${more.length > 0 ? `; and ${more.length} more faults` : ""}`,
      kept: "Nothing was changed; no copy depends on them.",
      next: shell`cmp ${own} ${disk}   (the file that is sound may take the other one's place; if neither is, move both away, and ${ready(drillStateName)} beside the first, and a new chain begins)`,
    },
  };
}

function lineOf(record: DrillRecord): string {
  const { at, tier, of, result, scope, restored, whole, compared, seconds, reason, copy } = record;
  const part =
    scope === "sample"
      ? `a part, ${sizeText(restored.bytes)} of ${sizeText(whole.bytes)}`
      : `all, ${sizeText(whole.bytes)}`;
  const line = `${momentText(Date.parse(at))}  ${tier.padEnd(11)}  ${noted(of)}  ${result}: ${part}, of ${copy.at ?? "a time that isn't known"}, in ${seconds.restore} s`;
  return result === "proved"
    ? `${line}; ${compared.recorded} files compared with their recorded checksums, ${compared.copy} with ${farText(compared)}`
    : `${line}\n  ${reason ?? ""}`;
}

/** With what a copy was compared that has no checksum on record. */
function farText({ far }: DrillRecord["compared"]): string {
  if (far === undefined) return "the copy";
  return `what this host has${far > 0 ? `, of ${far} only the destination says what they are` : ""}`;
}
