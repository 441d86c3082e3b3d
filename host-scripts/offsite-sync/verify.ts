import { lstatSync, readdirSync } from "node:fs";
import { ownPrefix } from "../runtime/closed-folder";
import { Refusal } from "../runtime/errors";
import { verifyMounts } from "../runtime/mounts";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { RunState } from "../runtime/run-state";
import { requireRoot } from "../runtime/root";
import { shell } from "../runtime/shell";
import { type Leg, nothingSent, type Offsite } from "./offsite";
import { uncarriedBelow } from "./uncarried";
import { refuseUnfinished } from "./unfinished";

/** Proves each leg's source: one that is away, empty or another file system holds up itself alone. */
export const verify: Phase<Offsite> = {
  name: "verify",
  async run(run) {
    const { config, held } = run;
    requireRoot(config.job, "read every file with its owner and ACL");
    for (const leg of config.legs) {
      try {
        refuseUnfinished(config, leg);
        await proveSource(run, leg);
        run.legs.push({
          ...{ leg, parts: [], oldestMs: undefined, isFull: false, isUnsettled: false, isDone: false },
          ...{ asOfMs: run.startedAt.getTime(), sent: { ...nothingSent }, sentNames: new Set() },
        });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        held.push({ what: leg.from, reason: error.failed, next: error.next });
      }
    }
    tellPredecessors(run);
    const [first] = held;
    if (run.legs.length === 0 && first) throw new Refusal(first.reason, first.next);
  },
};

/** @throws {Refusal} when it isn't what the estate names */
export async function proveSource(run: Offsite, leg: Leg): Promise<void> {
  const { from, mount } = leg;
  const mounts = await verifyMounts([{ role: "source", access: "read", ...mount }], run.stop.signal);
  const stat = lstatSync(from, { throwIfNoEntry: false });
  const look = shell`ls -la ${from}; findmnt --target ${from}`;
  if (!stat?.isDirectory())
    throw new Refusal(`source ${quoted(from)} is ${stat ? "no folder" : "not there"}`, look);
  if (stat.dev !== lstatSync(mount.path).dev)
    throw new Refusal(`source ${quoted(from)} lies on another file system than ${quoted(mount.path)}`, look);
  const entries = readdirSync(from).filter(name => name !== "lost+found" && !name.startsWith(ownPrefix));
  if (entries.length === 0) throw new Refusal(`source ${quoted(from)} holds nothing`, look);
  run.held.push(...(await uncarriedBelow(run, leg, mounts)));
}

/** What an earlier job left is sent as far as it is whole; that there is less of it than there should be has to be said. */
function tellPredecessors({ config, memory, notes, log }: Offsite): void {
  const lastMs = Math.max(0, ...Object.values(memory.legs));
  for (const { job, stateDir } of config.predecessors) {
    const end = new RunState(stateDir).readEnd();
    const fault =
      end === undefined
        ? "has never ended here"
        : end.status !== 0
          ? `failed at ${end.endedAt} (${end.status}): ${end.failed ?? "killed"}`
          : Date.parse(end.endedAt) < lastMs
            ? `has not ended since the last run here: its last end was at ${end.endedAt}`
            : undefined;
    if (fault === undefined) continue;
    const note = `${job} ${fault}. What it has whole is sent, and what it left isn't`;
    notes.push(note);
    log.warn(note);
  }
}
