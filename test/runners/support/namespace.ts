import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { execa } from "execa";

/**
 * A mount namespace that lives as long as this process: when its keeper's stdin closes, also because a test was killed,
 * all of its mounts and their loop devices are gone.
 */
export interface MountNamespace {
  /** Where a path of the namespace can be read from outside. */
  outside(path: string): string;
  /** Command line that runs `argv` inside. No process stands between: the id is the command's own. */
  inside(argv: readonly string[]): readonly string[];
  run(program: string, ...args: string[]): Promise<string>;
  close(): Promise<void>;
}

export async function mountNamespace(): Promise<MountNamespace> {
  const keeper = spawn("unshare", ["--mount", "--propagation", "private", "cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const pid = await ready(keeper);
  const inside = (argv: readonly string[]): readonly string[] => [
    "nsenter",
    `--mount=/proc/${pid}/ns/mnt`,
    ...argv,
  ];
  return {
    outside: path => `/proc/${pid}/root${path}`,
    inside,
    async run(program, ...args) {
      const [enter = "", ...rest] = inside([program, ...args]);
      return (await execa(enter, rest)).stdout;
    },
    async close() {
      keeper.stdin?.end();
      if (keeper.exitCode === null) await once(keeper, "exit");
    },
  };
}

/** The keeper answers only once it has left this process' namespace. */
async function ready(keeper: ChildProcess): Promise<number> {
  keeper.stdin?.write("\n");
  if (keeper.stdout) await once(keeper.stdout, "data");
  if (keeper.pid === undefined) throw new Error("unshare did not start");
  return keeper.pid;
}
