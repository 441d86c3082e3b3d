import { writeSync } from "node:fs";
import { types } from "node:util";
import { EstateInvalid } from "../plan/estate/faults";
import { errorText, plainData } from "../plan/estate/plain";
import type { Evaluated } from "../stacks/estate-of-stack";

type Answer = Omit<Evaluated, "said">;

/** Descriptor that the asking process reads. */
const asker = 3;

/**
 * Evaluates a file, tells the asking process, and ends this one: the file's own timers and servers may keep it alive.
 * @param bundle makes the file's bundle where there is none
 * @param load gives the file's exports
 */
export async function answer(
  file: string,
  bundle: (file: string) => unknown,
  load: (file: string) => unknown,
): Promise<void> {
  process.once("beforeExit", () =>
    tell({ problem: "awaits what never comes. Look for a promise that nobody resolves" }),
  );
  process.once("uncaughtException", error => tell({ problem: `can't be loaded: ${errorText(error)}` }));
  process.once("exit", code => {
    say({ problem: `ends its process with exit code ${code}. Throw an error where it calls process.exit` });
  });
  tell(await evaluated(file, bundle, load));
}

async function evaluated(
  file: string,
  bundle: (file: string) => unknown,
  load: (file: string) => unknown,
): Promise<Answer> {
  try {
    bundle(file);
    write("evaluates\n");
    const exported = exportOf(load(file));
    if (exported === undefined)
      return { problem: "exports no estate. Expected `export const estate: EstateInput = { … }`" };
    const given: unknown = typeof exported === "function" ? exported() : exported;
    // `await` alone would read a Proxy.
    return { data: plainData(types.isPromise(given) ? await given : given, types.isProxy) };
  } catch (error) {
    if (!(error instanceof EstateInvalid)) return { problem: `can't be loaded: ${errorText(error)}` };
    const [fault] = error.faults;
    return { problem: `holds what is no data: ${fault?.path}: ${fault?.value} ${fault?.problem}` };
  }
}

function exportOf(module: unknown): unknown {
  if (typeof module !== "object" || module === null) return undefined;
  return "estate" in module ? module.estate : "default" in module ? module.default : undefined;
}

function tell(outcome: Answer): never {
  process.removeAllListeners("exit");
  say(outcome);
  process.exit(0);
}

function say(outcome: Answer): void {
  write(`${JSON.stringify(outcome)}\n`);
}

function write(text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0;) rest = rest.subarray(writeSync(asker, rest));
}
