import { execa } from "execa";
import { shellWord } from "../../plan/contracts/shell-word";
import type { Asked } from "../ask-jobs";
import { withSsh } from "../host-shell";

/** How a command ended that was followed; undefined where nobody knows. */
export interface Followed {
  /** Whether it was begun. */
  readonly began: boolean;
  readonly exitCode: number | undefined;
}

export interface Follower {
  /** Each line that it says. */
  said(line: string): void;
  /** It is to end, and does so by itself. */
  readonly stop: AbortSignal;
}

const begun = "holdfast: begun";

/**
 * Runs a program of a host, and tells its lines as they come. A connection that is lost doesn't end it: it goes on there to its end, as
 * what is cut in the middle is worse; and who stops it waits until it has ended by itself.
 */
export async function followOnHost(
  { estate, key }: Pick<Asked, "estate" | "key">,
  host: string,
  argv: readonly string[],
  follower: Follower,
): Promise<Followed> {
  const command = `exec bash -c ${shellWord(remote(argv.map(shellWord).join(" ")))}`;
  return withSsh(estate, host, { command, key }, words => follow("ssh", words, follower));
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

// What ssh ends with where it has lost the other end, or never had it.
const unreached = 255;

async function follow(
  program: string,
  words: readonly string[],
  { said, stop }: Follower,
): Promise<Followed> {
  // In a group of its own: a terminal's Ctrl-C is for whoever follows.
  const child = execa(program, words, {
    reject: false,
    all: true,
    buffer: false,
    detached: true,
    stdin: "pipe",
  });
  const tellStop = (): void => void child.stdin.write("stop\n");
  child.stdin.on("error", () => undefined);
  stop.addEventListener("abort", tellStop);
  if (stop.aborted) tellStop();
  let began = false;
  try {
    for await (const line of child.iterable({ from: "all" })) {
      const text = String(line).replaceAll("\r", "");
      if (text === begun) began = true;
      else said(text);
    }
  } finally {
    stop.removeEventListener("abort", tellStop);
  }
  const { exitCode } = await child;
  return { began, exitCode: exitCode === unreached ? undefined : exitCode };
}
