import { run } from "../../runtime/run";
import { listVolumes, LvmFailed } from "../../runtime/lvm/listing";
import { firstLines } from "../../runtime/tail";
import type { Lvm } from "./context";

/** Longest time that one command may take: on a busy host it waits for another one's lock. */
const commandMs = 100_000;

/**
 * The real volumes of a volume group.
 * @param lock file descriptor that commands inherit which change something: while one of them outlives a killed restore,
 * the next one waits for it
 */
export function realLvm(vg: string, lock: number | undefined): Lvm {
  return {
    list: stop => listVolumes(vg, stop),
    async act(argv) {
      const inherit = lock === undefined ? [] : [lock];
      // LVM closes what it inherits; timeout(1) holds the lock for as long as the command runs.
      const held: [string, ...string[]] = ["timeout", String(commandMs / 1000), ...argv];
      // Without the stop of the run: a command that is cut short could leave devices suspended.
      const result = await run(held, {
        timeoutMs: commandMs + 15_000,
        inherit,
        env: { LC_ALL: "C", LVM_SUPPRESS_FD_WARNINGS: "1" },
      });
      if (result.ended === "exited" && result.exitCode === 0) return;
      const how =
        result.exitCode === 124 || result.ended === "timed-out"
          ? `no end after ${commandMs / 1000} s`
          : `exit ${result.exitCode}`;
      throw new LvmFailed(argv, `${how}: ${firstLines(result.stderr)}`);
    },
    async fileSystem(volume, stop) {
      const probe = ["blkid", "--probe", "--output", "value", "--match-tag", "TYPE"] as const;
      const { stdout } = await run([...probe, `/dev/${vg}/${volume}`], { timeoutMs: 30_000, stop });
      return stdout.trim() === "" ? undefined : stdout.trim();
    },
  };
}
