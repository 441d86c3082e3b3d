import { LvmFailed } from "../../runtime/lvm/command";
import { listVolumes } from "../../runtime/lvm/listing";
import { readPool } from "../../runtime/lvm/pool-status";
import { mendPool, type PoolPlace, resumeSuspended } from "../../runtime/lvm/unfinished";
import type { Log } from "../../runtime/log";
import { run } from "../../runtime/run";
import { firstLines } from "../../runtime/tail";
import type { Lvm } from "./context";

/** A command that changes something is cut short only when it hangs for good. */
const changeMs = 600_000;

/**
 * The real volumes of a volume group.
 * @param lock file descriptor that stays open while a command runs that changes something: when one of them outlives a
 * killed restore, the next one waits for it
 */
export function realLvm(place: PoolPlace, lock: number | undefined, log: Log): Lvm {
  const { vg, pool } = place;
  return {
    list: stop => listVolumes(vg, stop),
    async mend(listed, stop) {
      const volumes = await mendPool(place, listed, await readPool(vg, pool, stop), stop, log);
      await resumeSuspended(vg, volumes, stop, log);
      return volumes;
    },
    async act(argv) {
      const inherit = lock === undefined ? [] : [lock];
      // LVM closes what it inherits; timeout(1) holds the lock for as long as the command runs.
      const held: [string, ...string[]] = ["timeout", String(changeMs / 1000), ...argv];
      const env = { LC_ALL: "C", LVM_SUPPRESS_FD_WARNINGS: "1" };
      // Without the stop of the run: a command that is cut short could leave devices suspended.
      const result = await run(held, { timeoutMs: changeMs + 15_000, inherit, env });
      if (result.ended === "exited" && result.exitCode === 0) return;
      const how =
        result.exitCode === 124 || result.ended === "timed-out"
          ? `no end after ${changeMs / 1000} s`
          : `exit ${result.exitCode ?? result.signal}`;
      throw new LvmFailed(argv, `${how}: ${firstLines(result.stderr)}`);
    },
    async fileSystem(volume, stop) {
      const probe = ["blkid", "--probe", "--output", "value", "--match-tag", "TYPE"] as const;
      const { stdout } = await run([...probe, `/dev/${vg}/${volume}`], { timeoutMs: 30_000, stop });
      return stdout.trim() === "" ? undefined : stdout.trim();
    },
  };
}
