import { exitCodes } from "../../runtime/errors";
import { places, recordOf, type Restore } from "./context";
import { asideName, type RestoreRecord } from "../../runtime/lvm/restore-record";
import { clearActs, isSwapped, keepActs, type Places, putActs, takeBackActs } from "./swap";
import { podsText, textOf } from "./scale";

/** One thing that would be done: its phase, and what. */
export interface Step {
  readonly phase: string;
  readonly what: string;
}

/** What is left to do, by the facts. */
export function steps(
  vg: string,
  record: RestoreRecord,
  found: Places,
  doing: "restore" | "rollback",
): Step[] {
  const back = doing === "rollback";
  const stops = isSwapped(record, found) === back;
  const acts = (phase: string, list: readonly { argv: readonly string[]; why: string }[]): Step[] =>
    list.map(({ argv, why }) => ({ phase, what: `${why}: ${argv.join(" ")}` }));
  const scale = (phase: string, text: (workload: RestoreRecord["workloads"][number]) => string): Step[] =>
    record.workloads.map(workload => ({ phase, what: text(workload) }));
  // Commands for a volume that will only be moved aside then are those for one that is there already.
  const aside = found.fresh && { ...found.fresh, name: asideName(record) };
  return [
    ...(stops
      ? scale("scale-down", workload => `${textOf(workload)} from ${podsText(workload.replicas)} to 0`)
      : []),
    ...(stops ? [{ phase: "detach", what: `waits until nothing has ${record.volume} open` }] : []),
    ...acts("keep-old", back ? [] : keepActs(vg, record, found)),
    ...acts("put-snapshot", back ? [] : putActs(vg, record, found)),
    ...acts("take-back", back ? takeBackActs(vg, record, found) : []),
    ...scale("scale-up", workload => `${textOf(workload)} back to ${podsText(workload.replicas)}`),
    { phase: "verify", what: `looks whether ${record.volume} is what it should be` },
    ...acts(
      "clear",
      back ? clearActs(vg, record, { ...found, fresh: aside && { ...aside, open: false } }) : [],
    ),
  ];
}

/** Tells what would be done. @returns the exit code */
export function plan(restore: Restore): number {
  const { config, log, notes, request } = restore;
  const doing = request.action === "rollback" ? "rollback" : "restore";
  const list = steps(config.vg, recordOf(restore), places(restore), doing);
  log.info(
    `would ${doing === "restore" ? "restore" : "roll back"} ${request.volume}; nothing is changed now`,
  );
  for (const { phase, what } of list) log.info(`  ${phase.padEnd(12)} ${what}`);
  for (const text of notes) log.info(`Note: ${text}`);
  log.result({
    ...{ job: config.job, command: "restore", status: exitCodes.ok, dryRun: true, doing },
    ...{ volume: request.volume, snapshot: recordOf(restore).snapshot.name, plan: list, notes },
  });
  return exitCodes.ok;
}
