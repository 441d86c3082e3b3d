import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { shellWord } from "../../plan/contracts/shell-word";
import type { Asked } from "../ask-jobs";
import { withSsh } from "../host-shell";
import { type ClusterChoice, whichOf } from "../kubectl";
import { withTemporaryFolder } from "../temporary-folder";
import { linesOf } from "./lines";

/** How a command ended that was followed. */
export interface Followed {
  /** Whether it was begun. */
  readonly began: boolean;
  /** Undefined where nobody knows how it ended. */
  readonly exitCode: number | undefined;
}

export interface Follower {
  /** Each line that it says. */
  said(line: string): void;
  /** It is to end. */
  readonly stop: AbortSignal;
}

const begun = "holdfast: begun";
// What ssh ends with where it has lost the other end, or never had it.
const unreached = 255;

/**
 * Runs a program of a host, and tells its lines as they come. A connection that is lost doesn't end it: it goes on there to its end, as
 * what is cut in the middle is worse; and who stops it waits until it has ended by itself.
 */
export async function followOnHost(
  { estate, key }: Pick<Asked, "estate" | "key">,
  host: string,
  argv: readonly string[],
  { said, stop }: Follower,
): Promise<Followed> {
  const command = `exec bash -c ${shellWord(remote(argv.map(shellWord).join(" ")))}`;
  let began = false;
  const exitCode = await withSsh(estate, host, { command, key }, words => {
    const child = started("ssh", words);
    return followed(child, { stop, onStop: () => child.stdin.write("stop\n") }, line => {
      if (line === begun) began = true;
      else said(line);
    });
  });
  return { began, exitCode: exitCode === unreached ? undefined : exitCode };
}

// A pipe whose other end is gone ends whoever writes into it, but not this tee.
const remote = (command: string): string =>
  [
    "PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin; exec 3<&0;",
    `{ echo ${shellWord(begun)}; ${command} </dev/null 3<&- & job=$!;`,
    `{ read -r word && [ "$word" = stop ] && kill "$job"; } <&3 >/dev/null 2>&1 & watch=$!;`,
    'wait "$job"; code=$?; kill "$watch" 2>/dev/null; exit "$code"; } 2>&1 | tee -p /dev/null;',
    "exit ${PIPESTATUS[0]}",
  ].join(" ");

const which = "holdfast-which";
// As a shell's, of a program that is there.
const cannotRun = 126;

/** Runs what a cluster does, by this machine's kubectl. Who stops it follows it no more: the cluster goes on with what it has begun. */
export async function followInCluster(
  choice: ClusterChoice,
  [program = "", ...words]: readonly string[],
  { said, stop }: Follower,
): Promise<Followed> {
  return withTemporaryFolder("kubectl", async folder => {
    // Whatever calls kubectl in there is led to the cluster that was asked before.
    const leads = whichOf(choice).map(shellWord).join(" ");
    const script = `#!/bin/sh\n[ "$1" != ${which} ] || exec printf %s "$0"\nPATH=\${PATH#*:} exec kubectl ${leads} "$@"\n`;
    const file = join(folder, "kubectl");
    writeFileSync(file, script, { mode: 0o755 });
    const env = { PATH: `${folder}${delimiter}${process.env["PATH"]}` };
    const found = await execa("sh", ["-c", `kubectl ${which}`], { reject: false, env });
    if (found.stdout !== file) {
      said(
        `Nothing was asked of the cluster: no program runs in ${shellWord(folder)}, and kubectl by itself may`,
      );
      said("lead to another one. Next: export TMPDIR=/var/tmp, or another folder that isn't mounted noexec");
      return { began: false, exitCode: cannotRun };
    }
    const child = started(program, words, env);
    const { pid } = child;
    const onStop = (): void => void (pid !== undefined && process.kill(-pid, "SIGTERM"));
    return { began: true, exitCode: await followed(child, { stop, onStop }, said) };
  });
}

/** In a group of its own: a terminal's Ctrl-C is for whoever follows. */
const started = (program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execa(program, words, {
    ...{ reject: false, all: true, buffer: false, detached: true, stdin: "pipe", env },
  });

async function followed(
  child: ReturnType<typeof started>,
  { stop, onStop }: { readonly stop: AbortSignal; onStop(): void },
  said: (line: string) => void,
): Promise<number | undefined> {
  child.stdin.on("error", () => undefined);
  stop.addEventListener("abort", onStop);
  try {
    for await (const line of linesOf(child.iterable({ from: "all", binary: true })))
      said(line.replaceAll("\r", ""));
  } finally {
    stop.removeEventListener("abort", onStop);
  }
  return (await child).exitCode;
}
