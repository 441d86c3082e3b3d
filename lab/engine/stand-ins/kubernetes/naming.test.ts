import { secret } from "../protocol/values";
import { autonamed, idOf, metadataOf, named } from "./naming";
import { renderedPath } from "./yaml-directory";

const seed = new Uint8Array([1, 2, 3]);

test("gives an object without a name the resource's name and eight digits, the same for the same seed", () => {
  const object = named({ kind: "ConfigMap" }, {}, "rules", seed);
  expect(metadataOf(object)["name"]).toMatch(/^rules-[0-9a-f]{8}$/);
  expect(metadataOf(object)["annotations"]).toEqual({ [autonamed]: "true" });
  expect(named({ kind: "ConfigMap" }, {}, "rules", seed)).toEqual(object);
});

test("keeps the name that it gave before, and never touches the program's own", () => {
  const before = named({ kind: "ConfigMap" }, {}, "rules", seed);
  expect(named({ kind: "ConfigMap" }, before, "rules", new Uint8Array([9]))).toEqual(before);
  const own = { metadata: { name: "mine" } };
  expect(named(own, before, "rules", seed)).toBe(own);
});

test("finds the name in metadata that is secret as a whole", () => {
  const object = { metadata: secret({ name: "mine", namespace: "vault" }) };
  expect(idOf(object)).toBe("vault/mine");
  expect(named(object, {}, "rules", seed)).toBe(object);
});

test.each([
  [{ apiVersion: "v1", kind: "Secret", metadata: { name: "a" } }, "out/1-manifest/v1-secret-default-a.yaml"],
  [
    { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "x.y" } },
    "out/0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-x.y.yaml",
  ],
])("renders %j to %s", (object, path) => expect(renderedPath("out", object)).toBe(path));
