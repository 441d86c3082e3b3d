import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labDir } from "./facts";
import { startTicksOf, until } from "./process";

const patienceMs = 30 * 60_000;

/**
 * Runs `act` while nobody else of this lab, here or in another process, does the same; waits for one who does. A holder
 * that died leaves no lock behind: its process id and start time are in the file.
 * @param name what is locked, e.g. "hosts"
 */
export async function withLabLock<Result>(
  name: string,
  say: (line: string) => void,
  act: () => Promise<Result>,
): Promise<Result> {
  const runDir = join(labDir, "run");
  mkdirSync(runDir, { recursive: true });
  const file = join(runDir, `${name}.lock`);
  let told = false;
  const taken = await until(
    () => {
      const holder = take(file);
      if (holder !== undefined && holder !== process.pid && !told) {
        say(`Waiting for process ${holder}, which is starting or changing the lab's ${name}`);
        told = true;
      }
      return holder === undefined;
    },
    patienceMs,
    100,
  );
  if (!taken)
    throw new Error(
      `The lab's ${name} are locked for more than 30 min by process ${read(file)}. Nothing was changed. Next: end that process`,
    );
  try {
    return await act();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @returns the process that holds the lock, or undefined when this one has it now */
function take(file: string): number | undefined {
  const own = `${file}.${process.pid}-${process.hrtime.bigint()}`;
  writeFileSync(own, `${process.pid} ${startTicksOf(process.pid) ?? ""}`);
  try {
    // A link comes with its content at once, where a file made by open() is empty for a moment.
    linkSync(own, file);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const holder = read(file);
  const [pid = "", ticks] = holder.split(" ");
  if (startTicksOf(Number(pid)) !== ticks) breakLock(file, holder);
  return Number(pid);
}

/** Removes a dead holder's lock, unless another process was faster and has taken it since. */
function breakLock(file: string, deadHolder: string): void {
  const aside = `${file}.dead-${process.pid}`;
  try {
    renameSync(file, aside);
    if (read(aside) !== deadHolder) linkSync(aside, file);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
