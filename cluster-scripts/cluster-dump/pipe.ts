import { constants, openSync } from "node:fs";
import { Socket } from "node:net";

/**
 * Opens a named pipe for reading, without waiting for who writes. Its end comes when the last writer has closed it.
 * A stream of Node's would hold one of its few threads for as long as nothing comes, also past the end of the run.
 */
export function readPipe(path: string): Socket {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/** Opens one for writing, without waiting for who reads: Linux lets a pipe be opened for both at once (fifo(7)). */
export function writePipe(path: string): Socket {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  return new Socket({ fd, readable: false, writable: true });
}
