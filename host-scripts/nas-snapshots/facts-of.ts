import { ask, type Asking } from "./ask";
import type { Facts } from "./nas-snapshots";
import { readFacts } from "./read-facts";
import { questionsOf } from "./script";

/** What the NAS says to somebody who asks beside a run, and its clock then, epoch ms. @throws {RunnerError} */
export async function factsOf(asking: Asking): Promise<{ readonly facts: Facts; readonly nasMs: number }> {
  const begunMs = Date.now();
  const { answers } = await ask(asking, questionsOf(asking.config));
  const nowMs = (begunMs + Date.now()) / 2;
  const facts = readFacts(answers, nowMs, asking.config);
  return { facts, nasMs: nowMs + (facts.skewMs ?? 0) };
}
