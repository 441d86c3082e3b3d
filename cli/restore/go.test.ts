import { type Ended, goThrough, type Stage, type Standing, stateOf } from "./go";
import type { Task } from "./tasks";

/** Steps of persons, each by its dataset. */
const task = (number: number, chosen: object, after: readonly number[] = [], lane = "a person"): Task =>
  ({
    ...{ number, chosen, by: "person", after, lanes: [lane] },
    step: { kind: "manual", where: { kind: "host", name: "pve" }, text: "by hand", verifies: "" },
  }) as unknown as Task;

const of = (service: string): object => ({ version: { service } });
const [wiki, books] = [of("wiki"), of("books")];
const tasks = [task(1, wiki), task(2, wiki, [1]), task(3, books)];

const stageOf = (ask?: (question: string) => Promise<string>): Stage =>
  ({ say: () => undefined, ask, clock: () => 0 }) as unknown as Stage;

async function gone(...answers: readonly string[]): Promise<[Standing[], number]> {
  const left = [...answers];
  const ask = answers.length > 0 ? () => Promise.resolve(left.shift() ?? "nobody") : undefined;
  const ended = await goThrough(tasks, stageOf(ask));
  return [ended.map(({ standing }) => standing), left.length];
}

test("a person who leaves their step ends it: nothing of another dataset is begun", async () => {
  expect(await gone("", "done")).toEqual([["yours", "yours", "waits"], 1]);
  expect(await gone("done", "done", "done")).toEqual([["done", "done", "done"], 0]);
});

test("where nobody can be asked, other datasets come back all the same", async () => {
  expect(await gone()).toEqual([["yours", "yours", "yours"], 0]);
});

test("steps that take nothing of each other are at work at once, and each begins when those before it have ended", async () => {
  const [vault, photos] = [of("vault"), of("photos")];
  // By hand, so that the test ends each of them when it wants to.
  const all = [
    task(1, wiki, [], "nas > pve"),
    task(2, books, [], "nas > pve"),
    task(3, vault, [], "disks of pve"),
    task(4, photos, [1, 2], "pool"),
  ];
  const open: (() => void)[] = [];
  const ask = () => new Promise<string>(resolve => open.push(() => resolve("done")));
  const going = goThrough(all, stageOf(ask));
  const begun = async (count: number): Promise<number> => {
    while (open.length < count) await new Promise(resolve => setImmediate(resolve));
    return open.length;
  };
  expect(open.length).toBe(2);
  open[0]?.();
  expect(await begun(3)).toBe(3);
  open[2]?.();
  expect(await begun(4)).toBe(4);
  for (const end of open) end();
  expect((await going).map(({ standing }) => standing)).toEqual(["done", "done", "done", "done"]);
});

test("a fault here in one step isn't the end of what is told of those beside it", async () => {
  const own = {
    ...task(1, wiki, [], "pve"),
    by: "host",
    step: { where: { name: "gone" } },
  } as unknown as Task;
  const said: string[] = [];
  const stage = {
    ...stageOf(async () => {
      for (let turn = 0; turn < 100; turn++) await new Promise(resolve => setImmediate(resolve));
      return "done";
    }),
    say: (line: string) => void said.push(line),
    asked: { estate: { hosts: {} } },
  } as unknown as Stage;
  const ended = await goThrough([own, task(2, books), task(3, books, [2])], stage);
  expect(ended.map(({ standing }) => standing)).toEqual(["lost", "done", "waits"]);
  expect(said.join("\n")).toContain("gone");
});

test.each<[number, ...(readonly [Standing, number?])[]]>([
  [2, ["refused", 2], ["waits"]],
  [75, ["refused", 75]],
  [1, ["done", 0], ["refused", 2]],
  [1, ["done", 0], ["refused", 75]],
  [1, ["refused", 3]],
  // Beside it, another one was at work.
  [1, ["refused", 75], ["failed", 1]],
  [1, ["refused", 75], ["lost"]],
  [1, ["refused", 127]],
  [1, ["failed", 137]],
  [143, ["stopped", 143]],
  [3, ["lost"]],
])("the exit code is %i, as the page says, after %j, %j", (code, ...steps) => {
  const all = steps.map(([standing, exitCode]) => ({ standing, exitCode }) as Ended);
  expect(stateOf(all, []).exitCode).toBe(code);
});
