import { setTimeout as sleep } from "node:timers/promises";
import { type Values, isMap, plainValues } from "../protocol/values";
import { idOf } from "./naming";

const defaultMs = 5 * 60_000;

/**
 * The token Secret of a service account once the cluster has filled it in; any other object as it is. The official plugin
 * waits for it too, so that a program finds the token in `data`.
 * @param read gives the object as it is in the cluster
 * @param timeoutMs for the wait; 0 for five minutes
 * @throws when there is no token in time, or the cluster has deleted the Secret: it does when there is no such account
 */
export async function withAccountToken(
  live: Values,
  read: () => Promise<Values | undefined>,
  timeoutMs: number,
): Promise<Values> {
  if (live["kind"] !== "Secret" || live["type"] !== "kubernetes.io/service-account-token") return live;
  const limitMs = timeoutMs || defaultMs;
  const until = Date.now() + limitMs;
  let now: Values | undefined = live;
  for (let waitMs = 50; now !== undefined; waitMs = Math.min(waitMs * 2, 1000)) {
    const data = plainValues(now)["data"];
    if (isMap(data) && data["token"] !== undefined) return now;
    if (Date.now() > until)
      throw new Error(
        `Secret ${idOf(live)} has no token after ${limitMs / 1000} s: the controller manager fills it in, and may not run`,
      );
    await sleep(waitMs);
    now = await read();
  }
  throw new Error(
    `Secret ${idOf(live)} was deleted by the cluster while it waited for its token: its service account may not exist`,
  );
}
