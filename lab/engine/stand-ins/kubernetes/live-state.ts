import { type Value, type Values, contains, isMap, isSecret, plain, secret } from "../protocol/values";

/** Properties of the state that are about the resource and not of the object. */
export const bookkeeping = {
  fieldManager: "__fieldManager",
  initialApiVersion: "__initialApiVersion",
} as const;

/** The object as the server has it, without the state's own properties. */
export function liveObject(state: Values): Values {
  return without(state, Object.values(bookkeeping));
}

export function without(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

/**
 * The object as the server gave it, with everything marked secret that the program marked in its inputs. A list is secret
 * as a whole when a part of it is: servers may reorder lists.
 */
export function annotateSecrets(live: Values, inputs: Values): Values {
  const marked: Record<string, Value> = { ...live };
  for (const [key, input] of Object.entries(inputs)) {
    const value = marked[key];
    if (value === undefined) continue;
    if (isMap(value) && isMap(input) && !isSecret(input)) marked[key] = annotateSecrets(value, input);
    else if (contains(input, isSecret)) marked[key] = secret(plain(value));
  }
  // The server keeps the texts of a Secret as data.
  if (live["kind"] === "Secret" && live["data"] !== undefined && contains(inputs["stringData"], isSecret))
    marked["data"] = secret(plain(live["data"]));
  return marked;
}

/**
 * Inputs that would give the object as it is now. A value that the server has changed by itself when it was applied (such
 * as "1024Mi" to "1Gi") stays as the program wrote it; one that somebody changed since is taken over, so that the next
 * preview shows the drift.
 * @param before what the server gave at the last deployment
 */
export function driftedInputs(inputs: Values, before: Values, now: Values): Values {
  const drifted: Record<string, Value> = {};
  for (const [key, input] of Object.entries(inputs)) {
    const value = drift(input, before[key], now[key]);
    if (value !== undefined) drifted[key] = value;
  }
  return drifted;
}

function drift(input: Value, before: Value | undefined, now: Value | undefined): Value | undefined {
  const [was, is] = [before, now].map(value => (value === undefined ? undefined : plain(value)));
  if (JSON.stringify(was) === JSON.stringify(is)) return input;
  // Not returned by the server, now as before: `stringData` of a Secret.
  if (is === undefined) return undefined;
  if (isSecret(input)) return secret(is);
  if (isMap(input) && isMap(is)) return driftedInputs(input, isMap(was) ? was : {}, is);
  if (Array.isArray(input) && Array.isArray(is) && input.length === is.length) {
    const items: readonly Value[] = is;
    const olds: readonly Value[] = Array.isArray(was) ? was : [];
    return input.map((item: Value, index) => drift(item, olds[index], items[index]) ?? item);
  }
  return is;
}
