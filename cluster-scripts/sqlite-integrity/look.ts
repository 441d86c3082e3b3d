import { join } from "node:path";
import { integrityFlag, type SqliteIntegrityConfig } from "../../plan/contracts/sqlite-integrity";
import { exitCodes, RunnerError } from "../../host-scripts/runtime/errors";
import type { JobRun } from "../../host-scripts/runtime/job-run";
import { family } from "../../host-scripts/runtime/metric-text";
import { tellPart } from "../../host-scripts/runtime/part-metrics";
import type { Phase } from "../../host-scripts/runtime/phases";
import { shell } from "../../host-scripts/runtime/shell";
import { Client } from "../cluster-dump/exchange";

/** A database, and what SQLite says of it. */
interface Looked {
  readonly database: string;
  readonly isSound: boolean;
}

export interface Integrity extends JobRun<SqliteIntegrityConfig> {
  /** Empty where the client couldn't tell. */
  looked: readonly Looked[];
}

/** Hears of each database. A run that finds one unsound has done its work: the flag is the alarm. */
export const look: Phase<Integrity> = {
  name: "look",
  async run(run) {
    const { config, stop, log } = run;
    const client = await Client.meet({ config, stop, phase: "look" });
    try {
      const found = await client.first("looked", "broken");
      if (found !== "looked") {
        const ending = client.ending();
        throw new RunnerError(exitCodes.failed, {
          failed: `whether the databases are sound isn't known: ${ending?.kind === "broken" ? ending.why : "the client ended in its midst"}`,
          kept: "What was told last stands.",
          next: shell`kubectl logs ${process.env["HOSTNAME"] ?? config.job} --all-containers`,
        });
      }
      run.looked = client
        .text(found)
        .split("\n")
        .filter(line => line !== "")
        .map(line => ({ isSound: line.startsWith("1\t"), database: line.slice(2) }));
      if (run.looked.some(({ isSound }) => !isSound)) log.warn(client.errors("errors"));
    } finally {
      client.close();
    }
  },
};

/** Tells the flag, where it is known. */
export async function tellFlag({ config, looked, log }: Integrity, stop: AbortSignal): Promise<void> {
  if (looked.length === 0) return;
  const value = looked.every(({ isSound }) => isSound) ? 1 : 0;
  const flag = family(integrityFlag(config.metrics), [{ labels: { status: "ok" }, value }]);
  const textfile = join(config.stateDir, "integrity.prom");
  await tellPart(config, { families: [flag], textfile, what: "whether the databases are sound" }, stop, log);
}
