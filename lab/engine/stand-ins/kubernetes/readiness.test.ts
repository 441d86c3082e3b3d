import type { Values } from "../protocol/values";
import { withAccountToken } from "./account-token";

const metadata = { namespace: "monitoring", name: "token" };
const empty: Values = { kind: "Secret", type: "kubernetes.io/service-account-token", metadata };
const filled: Values = { ...empty, data: { token: "dG9r" } };

test("waits for the token of an account", async () => {
  const answers: Values[] = [empty, filled];
  expect(await withAccountToken(empty, async () => answers.shift(), 0)).toBe(filled);
});

test("takes every other object as it is, without a look", async () => {
  const opaque: Values = { kind: "Secret", type: "Opaque", metadata };
  const fails = () => Promise.reject(new Error("asked"));
  expect(await withAccountToken(opaque, fails, 0)).toBe(opaque);
  expect(await withAccountToken({ kind: "Service", metadata }, fails, 0)).toMatchObject({ kind: "Service" });
});

test("says what fills the token in when nobody does", async () => {
  await expect(withAccountToken(empty, async () => empty, 100)).rejects.toThrow(
    "Secret monitoring/token has no token after 0.1 s: the controller manager fills it in",
  );
});

test("says why a cluster deletes the Secret", async () => {
  await expect(withAccountToken(empty, async () => undefined, 0)).rejects.toThrow(
    "its service account may not exist",
  );
});
