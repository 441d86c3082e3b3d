import { type Ended, goThrough, type Stage, type Standing, stateOf } from "./go";
import type { Task } from "./tasks";

const task = (number: number, chosen: object): Task =>
  ({
    ...{ number, chosen, by: "person" },
    step: { kind: "manual", where: { kind: "host", name: "pve" }, text: "by hand", verifies: "" },
  }) as unknown as Task;

const [wiki, books] = [{}, {}];
const tasks = [task(1, wiki), task(2, wiki), task(3, books)];

async function gone(...answers: readonly string[]): Promise<[Standing[], number]> {
  const left = [...answers];
  const ask = answers.length > 0 ? () => Promise.resolve(left.shift() ?? "nobody") : undefined;
  const ended = await goThrough(tasks, { say: () => undefined, ask } as unknown as Stage);
  return [ended.map(({ standing }) => standing), left.length];
}

test("a person who leaves their step ends it: nothing of another dataset is begun", async () => {
  expect(await gone("", "done")).toEqual([["yours", "yours", "waits"], 1]);
  expect(await gone("done", "done", "done")).toEqual([["done", "done", "done"], 0]);
});

test("where nobody can be asked, other datasets come back all the same", async () => {
  expect(await gone()).toEqual([["yours", "yours", "yours"], 0]);
});

test.each<[number, ...(readonly [Standing, number?])[]]>([
  [2, ["refused", 2], ["waits"]],
  [75, ["refused", 75]],
  [1, ["done", 0], ["refused", 2]],
  [1, ["done", 0], ["refused", 75]],
  [1, ["refused", 3]],
  [1, ["refused", 127]],
  [1, ["failed", 137]],
  [143, ["stopped", 143]],
  [3, ["lost"]],
])("the exit code is %i, as the page says, after %j, %j", (code, ...steps) => {
  const all = steps.map(([standing, exitCode]) => ({ standing, exitCode }) as Ended);
  expect(stateOf(all, []).exitCode).toBe(code);
});
