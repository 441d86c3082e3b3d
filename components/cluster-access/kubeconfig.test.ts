import { kubeconfigOf } from "./kubeconfig";

const base64 = (text: string) => Buffer.from(text).toString("base64");

test("gives a kubeconfig with the server of the estate, and the authority and token of the account", () => {
  const data = { "ca.crt": base64("-----BEGIN CERTIFICATE-----"), token: base64("ey.tok.en"), namespace: "" };
  expect(JSON.parse(kubeconfigOf("https://k8s.example:6443", data))).toEqual({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "cluster",
        cluster: { server: "https://k8s.example:6443", "certificate-authority-data": data["ca.crt"] },
      },
    ],
    users: [{ name: "holdfast", user: { token: "ey.tok.en" } }],
    contexts: [{ name: "cluster", context: { cluster: "cluster", user: "holdfast" } }],
    "current-context": "cluster",
  });
});

test.each([undefined, {}, { token: base64("x") }])("refuses %j, which holds no token or authority", data => {
  expect(() => kubeconfigOf("https://k8s.example:6443", data)).toThrow("controller manager");
});
