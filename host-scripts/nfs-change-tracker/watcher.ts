import { spawn } from "node:child_process";
import { errnoOf, exitCodes, messageOf, RunnerError } from "../runtime/errors";
import { firstLines, Tail } from "../runtime/tail";
import { watchProgram } from "./watch-program";

/** What the program that watches tells, of a root by its place among them; a path is byte by byte as latin1. */
export interface Change {
  readonly root: number;
  readonly kind: "path" | "linked" | "subtree" | "unplaced" | "overflow" | "heard";
  readonly path: string;
}

const kinds: Readonly<Record<string, Change["kind"]>> = {
  p: "path",
  l: "linked",
  s: "subtree",
  u: "unplaced",
  o: "overflow",
  h: "heard",
};

/** The program that watches, for as long as it runs. */
export interface Watcher {
  readonly pid: number;
  /** Never resolves: it fails once the program has ended, or what it told couldn't be taken. */
  readonly fails: Promise<never>;
  /** Tells systemd something, e.g. "READY=1"; nothing where systemd hasn't started this. */
  notify(line: string): void;
  close(): void;
}

/** Takes a program of so many bytes from standard input, which whoever lists processes doesn't see, and becomes it. */
const loader = `my $left = shift; while ($left) { $left -= sysread(STDIN, $text, $left, length $text) || exit 1 } eval $text; die $@ if $@`;

/** Starts to watch roots. @param take gets all that is told, in its order */
export function startWatcher(roots: readonly string[], take: (change: Change) => void): Watcher {
  const argv = ["-e", loader, "--", String(Buffer.byteLength(watchProgram)), ...roots];
  const child = spawn("perl", argv, { stdio: ["pipe", "pipe", "pipe"] });
  const errors = new Tail();
  let rest = "";
  const fails = new Promise<never>((_, reject) => {
    child.on("error", error => reject(ended(`perl can't be started: ${errnoOf(error) ?? error.message}`)));
    child.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
    child.on("close", (code, signal) =>
      reject(ended(firstLines(errors.text()) || `it ended with ${code ?? signal}`)),
    );
    child.stdout.on("data", (chunk: Buffer) => {
      const records = (rest + chunk.toString("latin1")).split("\0");
      rest = records.pop() ?? "";
      try {
        for (const record of records) take(parse(record));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(messageOf(error)));
      }
    });
  });
  // Whoever waits hears of it; before that, and once it is closed, nobody does.
  fails.catch(() => undefined);
  child.stdin.on("error", () => undefined);
  child.stdin.write(watchProgram);
  return {
    pid: child.pid ?? 0,
    fails,
    notify: line => void child.stdin.write(`${line}\n`),
    close: () => void child.kill("SIGKILL"),
  };
}

function parse(record: string): Change {
  const [, root, letter = "", path = ""] = /^(\d+)([a-z])(.*)$/s.exec(record) ?? [];
  const kind = kinds[letter];
  if (root === undefined || kind === undefined)
    throw new Error(`the program that watches said ${JSON.stringify(record)}`);
  return { root: Number(root), kind, path };
}

function ended(why: string): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `nothing is watched: ${why}`,
    kept: "What was told is in the journal; whoever reads it compares all until it is watched again.",
    next: "perl -MSocket -MPOSIX -e 1; uname -r   (Linux 5.9 or newer, and perl-base, are needed)",
  });
}
