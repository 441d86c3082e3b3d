import { progressText, timeLeft } from "./estimate";
import type { Task } from "./tasks";

const minute = 60_000;
const task = (
  number: number,
  link: string,
  minutes: number | undefined,
  after: readonly number[] = [],
): Task =>
  ({
    ...{ number, after, lanes: [link], chosen: { version: { link } } },
    floorMs: minutes === undefined ? undefined : minutes * minute,
  }) as unknown as Task;

const tasks = [
  task(1, "nas > pve", 10),
  task(2, "nas > pve", 20),
  task(3, "pve > pve", 40),
  task(4, "x", 5, [2]),
];
const [first, second, third, fourth] = tasks as [Task, Task, Task, Task];
const at = (
  nowMinutes: number,
  took: readonly (readonly [Task, number])[],
  begun: readonly (readonly [Task, number])[],
) => ({
  tasks,
  tookMs: new Map(took.map(([task, minutes]) => [task, minutes * minute])),
  begunMs: new Map(begun.map(([task, minutes]) => [task, minutes * minute])),
  isLeft: () => false,
  nowMs: nowMinutes * minute,
});

test("two links carry side by side, one carries one after the other, and what waits for a step begins behind it", () => {
  expect(timeLeft(at(0, [], []))).toBe(40 * minute);
  expect(timeLeft({ ...at(0, [], []), isLeft: task => task === third })).toBe(35 * minute);
});

test("what a link has taken is expected of the rest of it, and of links that nothing was seen of", () => {
  const progress = at(
    30,
    [[first, 30]],
    [
      [second, 30],
      [third, 0],
    ],
  );
  // Three times as slow: 60 min of the link and then 15 of the other; of the third, 30 of 120 min have passed.
  expect(timeLeft(progress)).toBe(90 * minute);
  expect(progressText(progress)).toBe(
    "1 of 4 steps ended well, 2 at work; at least 1 h 30 min to go: so far, it took 3.0 times what the estate's links say",
  );
  expect(timeLeft({ ...progress, isLeft: task => task === third })).toBe(75 * minute);
});

test("what was seen of one link counts for that one first", () => {
  const progress = at(
    80,
    [
      [first, 10],
      [third, 80],
    ],
    [[second, 80]],
  );
  expect(timeLeft({ ...progress, isLeft: task => task === fourth })).toBe(20 * minute);
});
