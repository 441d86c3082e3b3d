/**
 * A signal that comes with another one, and by itself after a time. `AbortSignal.any()` holds what it is made of weakly: of a time-out that
 * nobody else holds, Node's collector is soon done with, and its time never comes (seen with Node 20). A timer holds its own.
 */
export function within(stop: AbortSignal, ms: number): AbortSignal {
  const time = new AbortController();
  setTimeout(() => time.abort(), ms).unref();
  return AbortSignal.any([stop, time.signal]);
}
