import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labDir } from "../facts";
import { startTicksOf, until } from "../process";

const patienceMs = 30 * 60_000;

/**
 * Runs `act` while no other process of this user does the same in this lab; waits for one that does. A holder that
 * died leaves no lock behind: its process id and start time are in the file.
 */
export async function withLabLock<Result>(
  name: string,
  say: (line: string) => void,
  act: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(join(labDir, "run"), { recursive: true });
  const file = join(labDir, "run", `${name}.lock`);
  let told = false;
  const taken = await until(
    () => {
      const holder = take(file);
      if (holder !== undefined && !told) {
        say(`Waiting for process ${holder}, which is starting or changing the lab's ${name}`);
        told = true;
      }
      return holder === undefined;
    },
    patienceMs,
    200,
  );
  if (!taken) throw new Error(`Process ${readFileSync(file, "utf8")} holds "${file}" for more than 30 min`);
  try {
    return await act();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @returns the process that holds the lock, or undefined when this one has it now */
function take(file: string): string | undefined {
  const me = `${process.pid} ${startTicksOf(process.pid)}`;
  try {
    const lock = openSync(file, "wx");
    writeFileSync(lock, me);
    closeSync(lock);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const [pid = "", ticks] = readHolder(file).split(" ");
  if (ticks === undefined || startTicksOf(Number(pid)) === ticks) return pid || "?";
  rmSync(file, { force: true });
  return pid;
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
