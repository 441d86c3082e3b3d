import { changes } from "../protocol/diff";
import { isSecret, plain, secret } from "../protocol/values";
import { annotateSecrets, driftedInputs } from "./live-state";
import { replacesFor } from "./replace-rules";

test("what the server only wrote otherwise stays as the program wrote it", () => {
  const inputs = { spec: { memory: "1024Mi" }, stringData: { a: "b" } };
  const live = { spec: { memory: "1Gi", added: true } };
  expect(driftedInputs(inputs, live, live)).toEqual(inputs);
});

test("what somebody changed or removed since is taken over", () => {
  const inputs = { spec: { rules: [{ expr: "a" }], keep: 1, gone: 2 } };
  const before = { spec: { rules: [{ expr: "a", by: "server" }], keep: 1, gone: 2 } };
  const now = { spec: { rules: [{ expr: "b", by: "server" }], keep: 1 } };
  expect(driftedInputs(inputs, before, now)).toEqual({ spec: { rules: [{ expr: "b" }], keep: 1 } });
});

test("a secret input makes its place in the live object secret, and a Secret's texts its data", () => {
  const live = { kind: "Secret", data: { a: "Yg==" }, metadata: { name: "s" } };
  const marked = annotateSecrets(live, { metadata: { name: "s" }, stringData: { a: secret("b") } });
  expect(isSecret(marked["data"])).toBe(true);
  expect(plain(marked)).toEqual(live);
});

test("a part that is secret in a list makes the whole list secret", () => {
  const marked = annotateSecrets({ args: ["a", "b"] }, { args: ["a", secret("b")] });
  expect(isSecret(marked["args"])).toBe(true);
});

describe("replaced instead of updated", () => {
  const replaces = (kind: string, olds: object, news: object, mutable = {}) =>
    replacesFor(kind, changes(JSON.parse(JSON.stringify(olds)), JSON.parse(JSON.stringify(news))), mutable);

  test("an object of another name or namespace", () => {
    expect(replaces("Any", { metadata: { name: "a" } }, { metadata: { name: "b" } })).toEqual([
      "metadata.name",
    ]);
    expect(replaces("Any", { metadata: { namespaces: "a" } }, { metadata: { namespaces: "b" } })).toEqual([]);
  });

  test("a ConfigMap's data, unless the provider says that it may change", () => {
    const [olds, news] = [{ data: { a: "1" } }, { data: { a: "2" } }];
    expect(replaces("ConfigMap", olds, news)).toEqual(["data.a"]);
    expect(replaces("ConfigMap", olds, news, { enableConfigMapMutable: true })).toEqual([]);
    expect(replaces("PrometheusRule", olds, news)).toEqual([]);
  });
});
