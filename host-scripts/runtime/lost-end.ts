import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { exitCodes, RunnerError } from "./errors";
import { pushKept, reportEnd, type Reporter } from "./report";
import { isAlive, type Running } from "./run-state";
import type { ServiceEnvironment } from "./service-environment";
import { shell } from "./shell";

/**
 * Reports the end of a run that could not do it itself: killed, out of memory, out of the unit's time. Never moves the
 * last success. After an end that is reported, only sends metrics that the Pushgateway has not got yet.
 * @param tidyUp ends and removes what the run left, once its end is reported; not called while a run goes on
 * @param values of metrics that are others once no run goes on
 */
export async function reportLostEnd(
  reporter: Reporter,
  service: ServiceEnvironment,
  tidyUp: () => Promise<void>,
  values: Readonly<Record<string, number>> = {},
): Promise<number> {
  const running = reporter.state.readRunning();
  const goesOn = running !== undefined && isAlive(running);
  await report(reporter, service, { running, goesOn, values });
  // What a run left may hang for longer than the unit's time-out lets this go on.
  if (!goesOn) await tidyUp();
  return exitCodes.ok;
}

async function report(
  reporter: Reporter,
  service: ServiceEnvironment,
  {
    running,
    goesOn,
    values,
  }: { running: Running | undefined; goesOn: boolean; values: Readonly<Record<string, number>> },
): Promise<void> {
  const { state, invocation, config } = reporter;
  const last = state.readEnd();
  const reported = invocation === "" ? running === undefined || goesOn : last?.invocation === invocation;
  if (reported || (service.SERVICE_RESULT === "success" && (running === undefined || goesOn))) {
    if (last && !last.pushed && (await pushKept(reporter, readKept(config.textfile))))
      state.end({ ...last, pushed: true }, false);
    return;
  }
  await reportEnd(reporter, {
    values,
    mine: !goesOn,
    error: new RunnerError(statusOf(service), {
      failed: `the run ended without a report in phase ${goesOn ? "lock" : (running?.phase ?? "start")}${howItEnded(service)}`,
      kept: "What was done so far is kept, and the last success stays as it was.",
      next: shell`systemctl start ${config.job}`,
    }),
  });
}

function howItEnded({ SERVICE_RESULT, EXIT_CODE, EXIT_STATUS }: ServiceEnvironment): string {
  return SERVICE_RESULT === "" ? "" : `: ${SERVICE_RESULT} (${EXIT_CODE} ${EXIT_STATUS})`;
}

/** EXIT_STATUS is a number after an exit, and a signal's name without SIG after a kill; never 0 here. */
function statusOf({ EXIT_CODE, EXIT_STATUS }: ServiceEnvironment): number {
  const name = `SIG${EXIT_STATUS}`;
  const signals: Readonly<Record<string, number>> = constants.signals;
  if (EXIT_CODE === "exited") return Number(EXIT_STATUS) || exitCodes.failed;
  return exitCodes.signal + (signals[name] ?? constants.signals.SIGKILL);
}

function readKept(textfile: string): string {
  try {
    return readFileSync(textfile, "utf8");
  } catch {
    return "";
  }
}
