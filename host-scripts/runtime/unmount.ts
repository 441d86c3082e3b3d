import { run } from "./run";

const timeoutMs = 300_000;

/** Takes a mount of this run's own away. One that is left ends with the run's own mount table. */
export async function unmount(folder: string): Promise<void> {
  const result = await run(["umount", "--", folder], { timeoutMs, env: { LC_ALL: "C" } });
  // "not mounted" is what is wanted.
  if (result.exitCode !== 0 && !/not mounted/.test(result.stderr))
    await run(["umount", "--lazy", "--", folder], { timeoutMs });
}
