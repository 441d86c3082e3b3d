import { inTurn, TookTooLong, type Turns } from "./in-turn";
import { createLog } from "./log";
import { Stop } from "./stop";

const log = createLog("test", { json: true, progress: false });

/** What was attempted, in order, and what failed. */
function turns(attempt: Turns<string>["attempt"], change: Partial<Turns<string>> = {}) {
  const tried: string[] = [];
  const failed: string[] = [];
  const stop = new Stop("test", log);
  const each: Turns<string> = {
    ...{ phase: "images", log, stop, longestMs: 60_000, name: item => item, doneMs: () => 0 },
    attempt(item, signal) {
      tried.push(item);
      return attempt(item, signal);
    },
    failed: (item, error) => void failed.push(`${item}: ${error instanceof Error ? error.message : ""}`),
    ...change,
  };
  return { tried, failed, stop, each };
}

test("what was done longest ago comes first, of those of one time the order stays", async () => {
  const { tried, each } = turns(() => Promise.resolve());
  const doneMs: Readonly<Record<string, number>> = { a: 30, b: 20, d: 20 };
  await inTurn(["a", "b", "c", "d"], { ...each, doneMs: item => doneMs[item] ?? 0 });
  expect(tried).toEqual(["c", "b", "d", "a"]);
});

test("one that fails stops no other, and has one more try after them", async () => {
  const { tried, failed, each } = turns(item =>
    item === "b" ? Promise.reject(new Error("no")) : Promise.resolve(),
  );
  await inTurn(["a", "b", "c"], each);
  expect(tried).toEqual(["a", "b", "c", "b"]);
  expect(failed).toEqual(["b: no", "b: no"]);
});

test("one that takes too long makes room for the others, also if it ends well by then", async () => {
  const { tried, failed, each } = turns(
    (item, signal) =>
      item === "slow"
        ? new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))))
        : Promise.resolve(),
    { longestMs: 5 },
  );
  await inTurn(["slow", "b"], each);
  expect(tried).toEqual(["slow", "b", "slow"]);
  expect(failed[0]).toBe(`slow: ${new TookTooLong(5).message}`);
});

test("a run that is told to stop begins nothing more, and what failed by that is no failure", async () => {
  const { tried, failed, stop, each } = turns(() => {
    stop.request({ kind: "budget", budgetMs: 1_000 });
    return Promise.reject(new Error("cut"));
  });
  await expect(inTurn(["a", "b"], each)).rejects.toThrow("stopped in phase images");
  expect([tried, failed]).toEqual([["a"], []]);
});
