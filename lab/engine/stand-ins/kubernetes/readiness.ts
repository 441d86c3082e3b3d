import { setTimeout as sleep } from "node:timers/promises";
import { type Value, type Values, isMap, plainValues } from "../protocol/values";
import { annotation, idOf, metadataOf } from "./naming";

/** Of the official plugin: what it waits for a token, for a condition of the program's own, and between two looks. */
const limits = { tokenMs: 5000, conditionMs: 10 * 60_000, pauseMs: 500 };

/** An object that was made and isn't ready; it is kept in the state. */
export class NotReady extends Error {
  constructor(
    readonly live: Values,
    message: string,
  ) {
    super(message);
  }
}

interface Wait {
  readonly ready: (live: Values) => boolean;
  readonly limitMs: number;
}

/**
 * The object once it is ready: as the annotation pulumi.com/waitFor says, otherwise with a token where it is the Secret of
 * an account; any other object as it is.
 * @param read gives the object as it is in the cluster
 * @param timeoutMs the resource's own limit, which counts for the annotation alone; 0 for none
 * @throws {NotReady} when it isn't ready in time, or was deleted meanwhile
 */
export async function ready(
  live: Values,
  read: () => Promise<Values | undefined>,
  timeoutMs: number,
  pauseMs = limits.pauseMs,
): Promise<Values> {
  const wait = waitOf(live, timeoutMs);
  if (!wait) return live;
  const { name } = metadataOf(live);
  const until = Date.now() + wait.limitMs;
  for (let now: Values | undefined = live; now !== undefined; now = await read()) {
    if (wait.ready(plainValues(now))) return now;
    if (Date.now() >= until) throw new NotReady(now, `Timeout occurred polling for '${String(name)}'`);
    await sleep(pauseMs);
  }
  throw new NotReady(
    live,
    `Secret ${idOf(live)} was deleted by the cluster: its service account may not exist`,
  );
}

function waitOf(live: Values, timeoutMs: number): Wait | undefined {
  const metadata = metadataOf(live);
  if (annotation(metadata, "pulumi.com/skipAwait") === "true") return undefined;
  const asked = annotation(metadata, "pulumi.com/waitFor");
  if (typeof asked === "string" && asked !== "")
    return { ready: hasField(asked), limitMs: timeoutMs || limits.conditionMs };
  if (live["kind"] !== "Secret" || live["type"] !== "kubernetes.io/service-account-token") return undefined;
  return { ready: now => isMap(now["data"]) && Object.keys(now["data"]).length > 0, limitMs: limits.tokenMs };
}

/** @throws for what only the official plugin understands */
function hasField(expression: string): (live: Values) => boolean {
  const [, path] = /^jsonpath=\{((?:\.[A-Za-z0-9_]+)+)\}$/.exec(expression) ?? [];
  if (path === undefined)
    throw new Error(
      `the stand-in for the kubernetes plugin waits for "jsonpath={.a.b}" alone, not for "${expression}". Install the official plugin`,
    );
  const keys = path.slice(1).split(".");
  return live => {
    let value: Value | undefined = live;
    for (const key of keys) value = isMap(value) ? value[key] : undefined;
    return value !== undefined;
  };
}
