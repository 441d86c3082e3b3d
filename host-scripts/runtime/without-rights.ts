import { randomInt } from "node:crypto";
import { refuseMissing, run, type RunOptions, type RunResult } from "./run";

/** What a program that parses strangers' bytes is given; all else is taken from it. */
export interface Given {
  /** Its user and group: see `freshUser`. */
  readonly user: number;
  /** It and those that it starts, at once. */
  readonly processes: number;
  /** Longest file that it may make or extend. */
  readonly fileBytes: number;
  /** Without one, the run needs CAP_SYS_ADMIN. */
  readonly network: "none" | "host";
}

/**
 * Numbers that systemd and Debian leave to nobody; files of tenants that were squashed to `nobody` (65534) are none of
 * theirs either.
 * @see https://systemd.io/UIDS-GIDS
 */
const users = { first: 1_879_048_192, count: 2 ** 28 - 1 } as const;

/** A user for one program, that no other program or file of the host has. */
export function freshUser(): number {
  return users.first + randomInt(users.count);
}

/** None needs as much. */
const memoryBytes = 1024 ** 3;

/**
 * Runs a program as a user that owns nothing, without capabilities or a way to get some, with no more processes and memory than it
 * needs, and without a dump of what it held. These programs replace each other: in the end there is one process, the
 * program's own. The runner has to have CAP_SETUID, CAP_SETGID, and CAP_KILL to end it.
 * @throws {CommandMissing} also when it is one of the programs in between
 */
export async function runWithoutRights(
  argv: readonly [string, ...string[]],
  { user, processes, fileBytes, network }: Given,
  options: RunOptions,
): Promise<RunResult> {
  const limits = { core: 0, nproc: processes, fsize: fileBytes, as: memoryBytes };
  const result = await run(
    [
      ...(network === "none" ? (["unshare", "--net", "--", "prlimit"] as const) : (["prlimit"] as const)),
      ...Object.entries(limits).map(([name, most]) => `--${name}=${most}`),
      ...["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"],
      ...["--inh-caps=-all", "--no-new-privs", "--", ...argv],
    ],
    options,
  );
  refuseMissing(result);
  return result;
}
