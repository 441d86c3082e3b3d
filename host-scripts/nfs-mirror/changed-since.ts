import { exitCodes, RunnerError } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { leftOutPatterns, type Mirror } from "./mirror";

/** Of a clock that ticks more coarsely than a file system's. */
export const clockSlackMs = 2000;

interface Asked {
  readonly kind: "files" | "folders";
  /** Epoch ms. */
  readonly sinceMs: number;
}

/** @param onName gets what came or changed below a root since a time, by its name, byte by byte as latin1; "" is the root itself */
export async function changedSince(
  { config, stop }: Mirror,
  root: string,
  { kind, sinceMs }: Asked,
  onName: (name: string) => void,
): Promise<void> {
  const pruned = leftOutPatterns(config).flatMap(name => ["-path", `./${name}`, "-prune", "-o"]);
  const since = `@${Math.max(0, sinceMs / 1000).toFixed(3)}`;
  let rest = "";
  const result = await run(
    ["find", ".", ...pruned, "-type", kind === "files" ? "f" : "d", "-newerct", since, "-printf", "%P\\0"],
    {
      ...{ cwd: root, timeoutMs: config.budgetMs, stop: stop.signal, env: { LC_ALL: "C" } },
      onStdout(chunk) {
        const words = (rest + chunk.toString("latin1")).split("\0");
        rest = words.pop() ?? "";
        words.forEach(onName);
      },
    },
  );
  stop.check("copy");
  // What can't be read is rsync's to tell: find goes on, and ends with 1.
  if (result.ended === "exited" && (result.exitCode ?? 2) <= 1) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `what changed last can't be listed in ${quoted(root)}: find ended with ${result.exitCode ?? result.signal}: ${firstLines(result.stderr)}`,
    kept: "Nothing was changed.",
    next: shell`ls -la ${root}; dmesg --level err,warn | tail`,
  });
}
