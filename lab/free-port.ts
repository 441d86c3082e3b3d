import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** The kernel gives none of these by itself (ip_local_port_range): one stays free while its server is stopped and started again. */
const [lowest, beyond] = [20_000, 32_000] as const;

/** A port on which nobody listens. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, beyond);
    if (await isFree(port, address)) return port;
  }
}

export function isFree(port: number, address = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    probe.listen(port, address, () => probe.close(() => resolve(true)));
  });
}
