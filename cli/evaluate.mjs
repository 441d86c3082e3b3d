// Evaluates estates, each in a process of its own: one that loops, exits or fills the memory ends itself and nobody else.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onExit } from "signal-exit";

const program = fileURLToPath(new URL("estate-process.mjs", import.meta.url));
const bundledWithinMs = 60_000;
const heapMb = 512;
const mostResidentBytes = 2 ** 30;
const mostSaid = 65_536;
const tooLarge = `needs more than ${heapMb} MB of memory. Look for a list that grows without end`;

/** By file: a command that knows it early lets it begin while the rest of itself loads. */
const begun = new Map();

export function evaluate(file, withinMs = 10_000) {
  const evaluation = begun.get(file) ?? begin(file, withinMs);
  begun.set(file, evaluation);
  return evaluation.outcome;
}

export function stopEvaluations() {
  for (const { child } of begun.values()) child.kill("SIGKILL");
}

function begin(file, withinMs) {
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, program, file], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  // Its time is counted here: without this process it would wait for ever.
  const forget = onExit(() => child.kill("SIGKILL"));
  child.once("close", forget);
  const outcome = outcomeOf(child, withinMs);
  // Whoever asks for it hears of it.
  outcome.catch(() => undefined);
  return { child, outcome };
}

/** What `child` answers; it is ended where it takes too long, needs too much or writes where it must not. */
function outcomeOf(child, withinMs) {
  return new Promise((settle, fail) => {
    let [answer, said, timer, problem] = ["", "", undefined, undefined];
    const stop = why => {
      problem ??= why;
      child.kill("SIGKILL");
    };
    const within = (ms, doing, next) => {
      clearTimeout(timer);
      timer = setTimeout(stop, ms, `isn't ${doing} within ${ms / 1000} s. ${next}`);
    };
    const watch = setInterval(() => {
      if (residentBytes(child.pid) > mostResidentBytes) stop(tooLarge);
    }, 100);
    within(bundledWithinMs, "bundled", "Look at what it imports");
    child.stdio[3].setEncoding("utf8").on("data", text => {
      // A first line says that the file's own code begins.
      if (answer === "") within(withinMs, "evaluated", "Look for a loop, or for what it waits for");
      answer += text;
    });
    child.stdout.once("data", () =>
      stop("writes to standard output, where the result belongs. Use console.error"),
    );
    child.stderr.setEncoding("utf8").on("data", text => {
      if (said.length < mostSaid) said += text;
    });
    child.once("error", fail);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      clearInterval(watch);
      const told = answer.split("\n").at(-2);
      const answered = problem === undefined && told?.startsWith("{");
      settle({ ...(answered ? JSON.parse(told) : { problem: problem ?? lostText(code, signal) }), said });
    });
  });
}

/** A process that ended without an answer. */
function lostText(code, signal) {
  if (signal === "SIGABRT" || signal === "SIGKILL") return tooLarge;
  return `ended its process (${signal ?? `exit code ${code}`}) without an estate. Look for what ends it`;
}

/** Memory of a process; 0 where nobody can tell. */
function residentBytes(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}
