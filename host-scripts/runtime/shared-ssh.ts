import { rmSync } from "node:fs";
import { run, type RunResult } from "./run";

/** One SSH connection, over which commands that know its socket reach the machine without one of their own. */
export interface SharedConnection {
  readonly socket: string;
  /** Not from the moment on at which this process hears that it has ended. */
  isOpen(): boolean;
  /** Ends it. What comes later has a connection of its own, as it has where the machine ended this one. */
  close(): Promise<void>;
}

/** OpenSSH makes the socket under this name and 17 characters more, and a socket's path holds 107 (unix(7)). */
const longestPath = 90;

/** Settings of a command that goes over a shared connection where there is one. @param isBound or not at all */
export function overShared(socket: string, isBound: boolean): string[] {
  // It is what a connection of its own would go through.
  return ["ControlMaster=no", `ControlPath="${socket}"`, ...(isBound ? ["ProxyCommand=false"] : [])];
}

/**
 * Connects, and keeps the connection until it is closed or this process has ended, whatever ended that.
 * @param argv command of ssh(1) up to the machine's address, from its first option on
 * @param socket in a folder that nobody else may enter; one that a killed run left is removed, so the caller has the job's lock
 * @returns how ssh ended where it could not connect; nothing where such a path is too long for a socket
 */
export async function shareConnection(
  [program, ...options]: readonly [string, ...string[]],
  socket: string,
  { timeoutMs, stop }: { timeoutMs: number; stop: AbortSignal },
): Promise<SharedConnection | RunResult | undefined> {
  if (Buffer.byteLength(socket) > longestPath) return undefined;
  rmSync(socket, { force: true });
  const end = new AbortController();
  const settings = [
    ...["ControlMaster=yes", "ControlPersist=no", `ControlPath="${socket}"`],
    // Comes once others can use it.
    ...["PermitLocalCommand=yes", "LocalCommand=echo"],
  ];
  let isReady: () => void;
  const ready = new Promise<undefined>(resolve => (isReady = () => resolve(undefined)));
  const ended = run(
    [
      ...(["setpriv", "--pdeathsig", "KILL", "--", program, "-N"] as const),
      ...settings.flatMap(setting => ["-o", setting]),
      ...options,
    ],
    {
      ...{ timeoutMs, stop: AbortSignal.any([stop, end.signal]), onStdout: () => isReady() },
      // It runs the LocalCommand: by one that runs nothing, nobody would hear that the connection is there.
      env: { SHELL: "/bin/sh" },
    },
  );
  const result = await Promise.race([ready, ended]);
  if (result) return result;
  let isOpen = true;
  void ended.then(() => (isOpen = false));
  return {
    socket,
    isOpen: () => isOpen,
    async close() {
      isOpen = false;
      end.abort();
      await ended;
    },
  };
}
