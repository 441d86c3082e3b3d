import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../host-scripts/runtime/errors";

/**
 * Opens a named pipe for reading, without waiting for who writes. Its end comes when the last writer has closed it.
 * A stream of Node's would hold one of its few threads for as long as nothing comes, also past the end of the run.
 */
export function readPipe(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

const everyMs = 20;

/**
 * Opens one for writing, once somebody reads: what is written and closed before that is lost to them (fifo(7)).
 * @param isAwaited whether somebody may still come
 * @returns undefined when nobody does
 */
export async function writePipe(path: string, isAwaited: () => boolean): Promise<Socket | undefined> {
  for (;;) {
    const goesOn = isAwaited();
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if (errnoOf(error) !== "ENXIO") throw error;
    }
    if (!goesOn) return undefined;
    await sleep(everyMs);
  }
}
