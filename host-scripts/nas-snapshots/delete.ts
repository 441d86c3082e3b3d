import { type NasSnapshotsConfig, snapshotProgram } from "../../plan/contracts/nas-snapshots";
import { nearest } from "../../plan/contracts/near";
import { exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import type { Answer, DeleteRequest, WayContext } from "../runtime/ways";
import { ask } from "./ask";
import { whyKept } from "./deletable";
import { factsOf } from "./facts-of";
import { readMemory, writeMemory } from "./memory";
import type { Facts } from "./nas-snapshots";
import { deletionOf } from "./script";
import { verifiedEnds } from "./senders";
import { readSnapshotList } from "./snapshot-list";

/**
 * Deletes snapshots by name, all of them or none, and reads back what is left. Where the host's account may delete nothing, which is
 * how it should be, the steps are printed for an administrator.
 */
export async function deleteSnapshots(
  { what, dryRun }: DeleteRequest,
  context: WayContext<NasSnapshotsConfig>,
): Promise<Answer> {
  const { config } = context;
  const { nas } = config;
  const { facts, nasMs } = await factsOf(context);
  const names = [...new Set(what)];
  refuseUnknown(config, facts, names);
  refuseKept(config, facts, names, nasMs);
  const stays = facts.snapshots.length - names.length;
  const which = `${names.length} of ${facts.snapshots.length} snapshots of ${nas.share} on ${nas.name}`;
  if (!dryRun) forget(config, names);
  if (!config.mayDelete) {
    const step = shell`ssh -t -p ${nas.port} ${`ADMINISTRATOR@${nas.address}`} sudo ${snapshotProgram} delete ${nas.share} ${names}`;
    const text = `${which} may go, and ${stays} stay. This host's account deletes none: as an administrator of ${nas.name},\n  ${step}`;
    return { text, result: { names, stays, deleted: false, step } };
  }
  if (dryRun)
    return { text: `would delete ${which}:\n${lines(names)}`, result: { names, stays, deleted: false } };
  const left = await deleteNow(
    context,
    names,
    facts.snapshots.map(({ name }) => name),
  );
  return {
    text: `deleted ${which}:\n${lines(names)}\n${left} are left. What they held becomes free once btrfs' cleaner has passed, minutes to hours later`,
    result: { names, stays: left, deleted: true },
  };
}

function lines(names: readonly string[]): string {
  return names.map(name => `  ${name}`).join("\n");
}

function refuseUnknown(
  { nas, job }: NasSnapshotsConfig,
  { snapshots }: Facts,
  names: readonly string[],
): void {
  const known = snapshots.map(({ name }) => name);
  const unknown = names.find(name => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known).map(name => `"${name}"`);
  throw new Refusal(
    `${quoted(unknown)} is no snapshot of ${nas.share} on ${nas.name}${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ""}`,
    shell`${job} list`,
  );
}

function refuseKept(config: NasSnapshotsConfig, facts: Facts, names: readonly string[], nasMs: number): void {
  const ends = verifiedEnds(config, readMemory(config));
  const aheadMs = facts.skewMs ?? 0;
  const verified = new Map(
    config.senders.map(({ job }) => [job, ends[job] === undefined ? undefined : ends[job] + aheadMs]),
  );
  const why = whyKept(facts.snapshots, names, { atLeast: config.keepAtLeast, verified, nowMs: nasMs });
  if (why !== undefined)
    throw new Refusal(`${names.length} snapshots can't go: ${why}`, shell`${config.job} list`);
}

/**
 * @returns how many are left, as the NAS lists them then
 * @throws {RunnerError} when one of them is still there, or another one isn't any more
 */
async function deleteNow(
  context: WayContext<NasSnapshotsConfig>,
  names: readonly string[],
  before: readonly string[],
): Promise<number> {
  const { nas, job } = context.config;
  const { answers, said } = await ask(context, deletionOf(context.config, names));
  const { snapshots } = readSnapshotList(answers.get("list")?.text ?? "");
  const listed = new Set(snapshots.map(({ name }) => name));
  const still = names.filter(name => listed.has(name));
  const gone = before.filter(name => !listed.has(name) && !names.includes(name));
  const answer = answers.get("delete");
  if (gone[0] !== undefined)
    throw new RunnerError(exitCodes.failed, {
      failed: `${nas.name} was to delete ${names.length} snapshots of ${nas.share}, and doesn't list ${gone.length} others any more, first ${gone[0]}: it removed them at the same time, deleted more than it was asked, or its list isn't whole`,
      kept: `It still lists ${snapshots.length} of ${before.length}.`,
      next: shell`${job} list`,
    });
  if (still.length === 0 && answer?.exitCode === 0) return snapshots.length;
  throw new RunnerError(exitCodes.failed, {
    failed: `${nas.name} was to delete ${names.length} snapshots of ${nas.share}, ended with ${answer?.exitCode ?? "nothing"}, and still lists ${still.length} of them${still[0] === undefined ? "" : `, first ${still[0]}`}: ${firstLines(`${said}\n${answer?.text ?? ""}`)}`,
    kept: "All others are there.",
    next: shell`${job} list`,
  });
}

/**
 * What an operator deletes has not gone before its time, also where a deletion fails in its middle or somebody else does it. The next
 * look takes down anew what is still there.
 */
function forget(config: NasSnapshotsConfig, names: readonly string[]): void {
  const memory = readMemory(config);
  writeMemory(config, { ...memory, seen: memory.seen.filter(({ name }) => !names.includes(name)) });
}
