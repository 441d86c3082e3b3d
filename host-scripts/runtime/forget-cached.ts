import { inherited, run } from "./run";
import type { Stop } from "./stop";

/**
 * Has the kernel forget what it keeps of an open file in memory, so that the next read is the disk's. Node has no
 * posix_fadvise(2); dd(1) of coreutils has, by "iflag=nocache count=0" for a whole file.
 */
export async function forgetCached({ fd }: { readonly fd: number }, stop: Stop): Promise<void> {
  await run(["dd", `if=${inherited[0]}`, "iflag=nocache", "count=0", "status=none"], {
    ...{ timeoutMs: 60_000, stop: stop.signal, inherit: [fd] },
  });
}
