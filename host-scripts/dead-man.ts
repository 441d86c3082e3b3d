import { statSync } from "node:fs";
import { deadManConfig, deadManJobName } from "../plan/contracts/dead-man";
import { call } from "./dead-man/call";
import { owing } from "./dead-man/owing";
import { unheard } from "./dead-man/unheard";
import { parseRunnerArguments } from "./runtime/arguments";
import { readConfig } from "./runtime/config";
import { startProgram } from "./runtime/entry";
import { exitCodes } from "./runtime/errors";
import { createLog } from "./runtime/log";
import { serviceEnvironment } from "./runtime/service-environment";

const does = "Calls whoever notices when this host is silent, and says whether its jobs keep their promises.";
const argv = process.argv.slice(2);
const log = createLog(deadManJobName, { json: argv.includes("--json"), progress: false });

startProgram(deadManJobName, log, async () => {
  const args = parseRunnerArguments(deadManJobName, argv, {});
  if (!args) {
    process.stdout.write(`${does}\n`);
    return exitCodes.ok;
  }
  const config = readConfig(args.config, deadManConfig);
  switch (args.mode) {
    case "run":
    case "dry-run": {
      const isCall = args.mode === "run";
      if (isCall) await call(config, "start", "");
      const owed = owing(config.jobs, statSync(args.config).mtimeMs, Date.now());
      const quiet = config.differsTextfile === undefined ? [] : unheard(config.differsTextfile);
      for (const line of [...owed, ...quiet]) log.warn(line);
      const all = `${config.jobs.length} jobs of ${config.host}`;
      const said = owed.length === 0 ? `all ${all} keep their promises` : `${owed.length} of ${all} owe`;
      const what = owed.length + quiet.length === 0 ? "success" : "fail";
      if (isCall) await call(config, what, [said, ...owed, ...quiet].join("\n"));
      log.info(isCall ? `told: ${said}` : `dry run, nobody was called: ${said}`);
      return exitCodes.ok;
    }
    case "report-end": {
      // One that ended by itself has called, or has said why it couldn't.
      const { SERVICE_RESULT } = serviceEnvironment();
      if (!["", "success", "exit-code"].includes(SERVICE_RESULT))
        await call(config, "fail", `the call of ${config.host} ended without a word: ${SERVICE_RESULT}`);
      return exitCodes.ok;
    }
    case "check-config":
      log.info(`config "${args.config}" is valid`);
      return exitCodes.ok;
    case "unfinished":
    case "way":
      return exitCodes.ok;
    default:
      return args satisfies never;
  }
});
