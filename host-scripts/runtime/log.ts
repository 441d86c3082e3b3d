import { printable } from "./quoted";

/** Where a run tells what it does. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
  /** How far a run is: on a terminal a line that the next one replaces, elsewhere one every ten seconds. */
  progress(line: string): void;
  /** The result for a program to read: one line of JSON, or nothing. */
  result(value: unknown): void;
}

/**
 * One line each, with the job's name; in a service, with the priority in front that journald reads (sd-daemon(3)).
 * @param json the lines go to stderr, and stdout holds the result alone
 */
export function createLog(job: string, options: { json: boolean; progress: boolean }): Log {
  const out = options.json ? process.stderr : process.stdout;
  const journald = process.env["JOURNAL_STREAM"] !== undefined && !out.isTTY;
  const replaces = options.progress && out.isTTY;
  const everyMs = replaces ? 100 : 10_000;
  let open = false;
  let shownAt = -Infinity;
  const write = (priority: number, line: string): void => {
    if (open) out.write("\r\x1b[K");
    open = false;
    out.write(`${journald ? `<${priority}>` : `${job}: `}${printable(line)}\n`);
  };
  return {
    info: line => write(6, line),
    warn: line => write(4, line),
    error: line => write(3, line),
    progress(line) {
      if (performance.now() - shownAt < everyMs) return;
      shownAt = performance.now();
      if (replaces) out.write(`\r\x1b[K${job}: ${printable(line)}`);
      else if (options.progress) write(6, line);
      open = replaces;
    },
    result(value) {
      if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}
