import { exitCodes, RunnerError } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { leftOutPatterns, type Mirror } from "./mirror";

/** Of a clock that ticks more coarsely than a file system's. */
const slackMs = 2000;

/** @returns files of the mirror that came or changed since a time, in epoch ms; by names below the target, byte by byte as latin1 */
export async function filesSince({ config, stop }: Mirror, sinceMs: number): Promise<readonly string[]> {
  const { path } = config.target;
  const pruned = leftOutPatterns(config).flatMap(name => ["-path", `./${name}`, "-prune", "-o"]);
  const since = `@${Math.max(0, (sinceMs - slackMs) / 1000).toFixed(3)}`;
  const names: string[] = [];
  let rest = "";
  const result = await run(["find", ".", ...pruned, "-type", "f", "-newerct", since, "-printf", "%P\\0"], {
    ...{ cwd: path, timeoutMs: config.budgetMs, stop: stop.signal, env: { LC_ALL: "C" } },
    onStdout(chunk) {
      const words = (rest + chunk.toString("latin1")).split("\0");
      rest = words.pop() ?? "";
      names.push(...words);
    },
  });
  stop.check("copy");
  // What can't be read is rsync's to tell: find goes on, and ends with 1.
  if (result.ended === "exited" && (result.exitCode ?? 2) <= 1) return names;
  throw new RunnerError(exitCodes.failed, {
    failed: `what was copied last can't be listed in ${quoted(path)}: find ended with ${result.exitCode ?? result.signal}: ${firstLines(result.stderr)}`,
    kept: "Nothing was changed.",
    next: shell`ls -la ${path}; dmesg --level err,warn | tail`,
  });
}
