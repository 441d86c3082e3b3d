import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { within } from "./within";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** How a signal ended, in a process whose collector takes whatever it may. */
function endOf(signal: AbortSignal): Promise<string> {
  const collecting = setInterval(collect, 5);
  return new Promise<string>(resolve => {
    signal.addEventListener("abort", () => resolve("came"));
    setTimeout(() => resolve("never came"), 2_000).unref();
  }).finally(() => clearInterval(collecting));
}

test("comes after its time, whatever Node's collector has taken by then", async () => {
  expect(await endOf(within(new AbortController().signal, 100))).toBe("came");
});

test("comes with the other one", async () => {
  const stop = new AbortController();
  const end = endOf(within(stop.signal, 60_000));
  stop.abort();
  expect(await end).toBe("came");
  expect(within(stop.signal, 60_000).aborted).toBe(true);
});
