import { hostStatus, mustOnHost, startHosts, stopHosts } from "../lab/hosts";
import { host } from "../test/volumes/support/unit";

/** Works on the lab's second host, which is stopped afterwards unless it ran before. */
export async function withLabHost<T>(work: () => Promise<T>): Promise<T> {
  const ran = hostStatus().some(({ name, running }) => name === host && running);
  await startHosts({ only: [host], say: () => undefined });
  try {
    return await work();
  } finally {
    if (!ran) await stopHosts([host]);
  }
}

export function onLabHost(command: string, input = ""): Promise<string> {
  return mustOnHost(host, command, { input, timeoutMs: 3_600_000 });
}

/** How long a command takes there, by the host's own clock: what ssh takes is nobody's time. */
export async function elapsedMs(command: string): Promise<number> {
  const timed = `start=$(date +%s%N); { ${command}; } >&2 || exit 1; echo $(( ($(date +%s%N) - start) / 1000000 ))`;
  return Number(await onLabHost(timed));
}
