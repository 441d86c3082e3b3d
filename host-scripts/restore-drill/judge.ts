import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { ready, shell } from "../runtime/shell";
import type { RestoreDrill } from "./restore-drill";

/** A copy that doesn't come back, one that can't be seen, and a record that was changed: each is no success. */
export const judge: Phase<RestoreDrill> = {
  name: "judge",
  run({ config, faults, log, done }) {
    for (const fault of faults) log.error(fault);
    const [first] = faults;
    if (first === undefined) return Promise.resolve();
    throw new RunnerError(exitCodes.failed, {
      failed: faults.length > 1 ? `${first}; and ${faults.length - 1} more faults` : first,
      kept: `No copy and no service was touched; ${done.proved} other copies were proved.`,
      next: shell`${config.job} list; ${config.job} verify   (${ready("docs/layers/restore-drill.md")} says what each fault means)`,
    });
  },
};
