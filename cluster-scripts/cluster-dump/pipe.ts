import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf } from "../../host-scripts/runtime/errors";
import { pause } from "./pause";

/**
 * Opens a named pipe for reading, without waiting for who writes. Its end comes when the last writer has closed it.
 * A stream of Node's would hold one of its few threads for as long as nothing comes, also past the end of the run.
 */
export function readPipe(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/**
 * Opens one for writing, once somebody reads: what is written and closed before that is lost to them (fifo(7)).
 * @param isAwaited whether somebody may still come
 * @returns undefined when nobody does
 */
export async function writePipe(path: string, isAwaited: () => boolean): Promise<Socket | undefined> {
  const sinceMs = performance.now();
  for (;;) {
    const goesOn = isAwaited();
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if (errnoOf(error) !== "ENXIO") throw error;
    }
    if (!goesOn) return undefined;
    await pause(sinceMs);
  }
}

/** What a pipe says whose reader has gone before all was written. */
const endedEarly = ["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"];

/**
 * Gives a program what it reads, until it has ended: one that found enough to complain about reads no further, and what it says counts.
 * @throws when what it was given broke off by itself: a program needn't know that there was more
 */
export async function give(
  input: Readable,
  pipe: Socket,
  ended: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const [sent] = await Promise.allSettled([
    pipeline(input, pipe, { signal }),
    ended.then(() => pipe.destroy()),
  ]);
  if (sent.status === "rejected" && !signal.aborted && !endedEarly.includes(errnoOf(sent.reason) ?? ""))
    throw sent.reason;
}

/** Opens a client's pipe and closes it: who waits to write to it finds it broken, and who waits to read, at its end. */
export function letGo(path: string): void {
  const isWritten = /\.(?:in|back)$|\/asked$/.test(path);
  if (!isWritten && !/\.(?:data|out|plain)$/.test(path)) return;
  try {
    closeSync(openSync(path, (isWritten ? constants.O_WRONLY : constants.O_RDONLY) | constants.O_NONBLOCK));
  } catch {
    // Nobody waits there now.
  }
}
