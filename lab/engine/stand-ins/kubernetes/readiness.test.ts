import type { Values } from "../protocol/values";
import { NotReady, ready } from "./readiness";

const metadata = { namespace: "monitoring", name: "token" };
const empty: Values = { kind: "Secret", type: "kubernetes.io/service-account-token", metadata };
const filled: Values = { ...empty, data: { token: "dG9r" } };
const patient: Values = {
  ...empty,
  metadata: { ...metadata, annotations: { "pulumi.com/waitFor": "jsonpath={.data.token}" } },
};

beforeEach(() => jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] }));
afterEach(() => jest.useRealTimers());

test("waits for the token of an account, and for no other object", async () => {
  const answers: Values[] = [empty, filled];
  expect(await ready(empty, async () => answers.shift(), 0, 0)).toBe(filled);
  const opaque: Values = { kind: "Secret", type: "Opaque", metadata };
  const fails = () => Promise.reject(new Error("asked"));
  expect(await ready(opaque, fails, 0)).toBe(opaque);
});

test.each([
  ["5 s for a token, whatever limit the resource has", empty, 600_000, 5],
  ["the resource's limit for a condition of its own", patient, 120_000, 120],
  ["10 minutes for one without a limit", patient, 0, 600],
])("waits %s, and gives the object that it left", async (_, secret, timeoutMs, seconds) => {
  const started = Date.now();
  const clock = () => {
    jest.setSystemTime(Date.now() + 500);
    return Promise.resolve(secret);
  };
  const error = await ready(secret, clock, timeoutMs, 0).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotReady);
  expect(error).toMatchObject({ message: "Timeout occurred polling for 'token'", live: secret });
  expect((Date.now() - started) / 1000).toBe(seconds);
});

test("says why a cluster deletes the Secret", async () => {
  await expect(ready(empty, async () => undefined, 0, 0)).rejects.toThrow(
    "its service account may not exist",
  );
});

test("refuses a condition that only the official plugin understands", async () => {
  const other = {
    ...empty,
    metadata: { ...metadata, annotations: { "pulumi.com/waitFor": "condition=Ready" } },
  };
  await expect(ready(other, async () => other, 0, 0)).rejects.toThrow("Install the official plugin");
});
