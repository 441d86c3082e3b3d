import * as pulumi from "@pulumi/pulumi";
import type { EstateInput } from "../../plan";
import { type Kubeconfig, readKubeconfig } from "../../stacks/kubeconfig";
import { deployed } from "./deployed";
import { named, secretKey, withoutSecrets } from "./engine";
import { estateWith } from "./estate";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const api = "https://192.168.1.20:6443";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-kubeconfig-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A kubeconfig as kubectl's, with two clusters and a token. */
const text = (server: string, current = "home") => `apiVersion: v1
kind: Config
current-context: ${current}
clusters:
  - { name: home-cluster, cluster: { server: "${server}" } }
  - { name: work-cluster, cluster: { server: "https://k8s.work.example" } }
contexts:
  - { name: home, context: { cluster: home-cluster, user: me } }
  - { name: work, context: { cluster: work-cluster, user: me } }
users:
  - { name: me, user: { token: open-sesame } }
`;
const oneLine = JSON.stringify({
  clusters: [{ name: "c", cluster: { server: api } }],
  contexts: [{ name: "home", context: { cluster: "c", user: "me" } }],
  users: [{ name: "me", user: { token: "open-sesame" } }],
  "current-context": "home",
});

function file(content: string): string {
  const path = join(folder, "config");
  writeFileSync(path, content);
  return path;
}

const withApi = (more: Partial<NonNullable<EstateInput["clusters"]>[string]> = {}): EstateInput => ({
  ...estateWith(),
  clusters: { k8s: { hosts: ["pve"], disk: "sdc", api, ...more } },
});
const using = (kubeconfig: Kubeconfig) => ({ kubeconfig: () => kubeconfig });

describe("a kubeconfig is a secret", () => {
  test.each([
    ["one line of JSON", () => readKubeconfig({ setting: oneLine }, {})],
    ["many lines", () => readKubeconfig({ setting: text(api) }, {})],
    ["a path", () => readKubeconfig({ setting: file(text(api)) }, {})],
    ["the environment's", () => readKubeconfig({}, { KUBECONFIG: file(text(api)) })],
  ])("as %s", async (_, kubeconfig) => {
    const { resources, error } = await deployed(withApi(), using(kubeconfig()));
    expect(error).toBeUndefined();
    expect(named(resources, "cluster").inputs).toMatchObject({
      kubeconfig: { [secretKey]: expect.any(String) },
    });
    const open = JSON.stringify(resources.map(({ inputs }) => withoutSecrets(inputs)));
    expect(open).not.toMatch(/open-sesame|"[^"]*holdfast-kubeconfig/);
  });
});

describe("which cluster changes", () => {
  test("the context that kubectl points at is refused where the estate names another server, and both are named", async () => {
    const ambient = readKubeconfig({}, { KUBECONFIG: file(text(api, "work")) });
    const { resources, error } = await deployed(withApi(), using(ambient));
    expect(resources).toEqual([]);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(String(error)).toMatch(
      /context "work" of ".*config" \(KUBECONFIG\) leads to https:\/\/k8s\.work\.example, and clusters\.k8s\.api of the estate is https:\/\/192\.168\.1\.20:6443; nothing was changed\. Next: /,
    );
    expect(String(error)).not.toContain("open-sesame");
  });

  test("a kubeconfig of the stack is compared too, since its current context may have moved", async () => {
    const set = readKubeconfig({ setting: file(text(api, "work")) }, {});
    const { error } = await deployed(withApi(), using(set));
    expect(String(error)).toMatch(/context "work" of ".*config" \(holdfast:kubeconfig\) leads to/);
  });

  test("takes the same server by its default port and with a slash, and another address that the estate knows", async () => {
    for (const [mine, cluster] of [
      ["https://k8s.example/", { api: "https://K8S.example:443" }],
      ["https://127.0.0.1:16443", { reachedAs: ["https://127.0.0.1:16443"] }],
    ] satisfies [string, object][]) {
      const kubeconfig = readKubeconfig({ setting: text(mine) }, {});
      const { error } = await deployed(withApi(cluster), using(kubeconfig));
      expect(error).toBeUndefined();
    }
  });

  test("uses the context that it has compared, also where the stack's configuration names it", async () => {
    const chosen = readKubeconfig({ setting: text(api, "work"), context: "home" }, {});
    const { resources, error } = await deployed(withApi(), using(chosen));
    expect(error).toBeUndefined();
    expect(named(resources, "cluster").inputs).toMatchObject({ context: "home" });
    expect(named(resources, "nfs-mirror-pve-alerts-rule").provider).toBe("cluster");
  });

  test("kubectl's context alone decides nothing: an estate without an API needs a kubeconfig of the stack", async () => {
    const ambient = readKubeconfig({}, { KUBECONFIG: file(text(api)) });
    const refused = await deployed(estateWith(), using(ambient));
    expect(refused.resources).toEqual([]);
    expect(String(refused.error)).toMatch(
      /kubectl's context "home" of ".*" \(KUBECONFIG\) leads to https:\/\/192\.168\.1\.20:6443, and nothing says that this is the one.*pulumi config set holdfast:kubeconfig/s,
    );
    const set = await deployed(estateWith(), using(readKubeconfig({ setting: file(text(api)) }, {})));
    expect(set.error).toBeUndefined();
  });

  test("asks for no kubeconfig where nothing is made in a cluster", async () => {
    const fails = () => {
      throw new Error("read");
    };
    const { error } = await deployed(estateWith(), { kubeconfig: fails, prometheus: "files" });
    expect(error).toBeUndefined();
  });
});

test.each([
  ["base64 in the setting", () => readKubeconfig({ setting: Buffer.from(text(api)).toString("base64") }, {})],
  [
    "base64 in lines",
    () =>
      readKubeconfig({ setting: Buffer.from(text(api)).toString("base64").replace(/.{76}/g, "$&\n") }, {}),
  ],
  ["its text in KUBECONFIG", () => readKubeconfig({}, { KUBECONFIG: text(api) })],
  ["one line of it in KUBECONFIG", () => readKubeconfig({}, { KUBECONFIG: oneLine })],
  ["a token alone", () => readKubeconfig({}, { KUBECONFIG: ["open-sesame", "x".repeat(600)].join(".") })],
  ["base64 in KUBECONFIG", () => readKubeconfig({}, { KUBECONFIG: Buffer.from(oneLine).toString("base64") })],
])("no message quotes a kubeconfig that isn't given as one: %s", (_, read) => {
  const [words, start] = ["open-sesame", "YXBpVm"];
  try {
    read();
    throw new Error("it was taken");
  } catch (error) {
    expect(String(error)).toMatch(/KUBECONFIG|holdfast:kubeconfig/);
    expect(String(error)).toMatch(/nothing was changed\. Next: pulumi config set holdfast:kubeconfig FILE/);
    for (const secret of [words, start, Buffer.from(oneLine).toString("base64").slice(0, 40)])
      expect(String(error)).not.toContain(secret);
  }
});

describe("a kubeconfig that can't be used is refused with what to set", () => {
  test.each([
    [
      "a file that isn't there",
      () => readKubeconfig({ setting: "/nowhere/config" }, {}),
      /"\/nowhere\/config" \(holdfast:kubeconfig\), which can't be read: ENOENT/,
    ],
    [
      "no kubeconfig at all",
      () => readKubeconfig({}, { HOME: "/nowhere" }),
      /"\/nowhere\/\.kube\/config".*can't be read.*pulumi config set holdfast:kubeconfig/s,
    ],
    [
      "several files",
      () => readKubeconfig({}, { KUBECONFIG: "/a:/b" }),
      /KUBECONFIG names several files.*pulumi config set holdfast:kubeconfig/s,
    ],
    [
      "something else",
      () => readKubeconfig({ setting: "token: open-sesame\nclusters: 1" }, {}),
      /holdfast:kubeconfig.* is no kubeconfig: .*clusters/s,
    ],
    [
      "a context that it hasn't",
      () => readKubeconfig({ setting: text(api), context: "nope" }, {}),
      /has no context "nope", it has: home, work/,
    ],
    [
      "a context without a cluster",
      () => readKubeconfig({ setting: text(api).replace("home-cluster, cluster", "other, cluster") }, {}),
      /has no cluster "home-cluster", it has: other, work-cluster/,
    ],
  ])("%s", (_, read, message) => {
    let fault: unknown;
    try {
      read();
    } catch (error) {
      fault = error;
    }
    expect(pulumi.RunError.isInstance(fault)).toBe(true);
    expect(String(fault)).toMatch(message);
    expect(String(fault)).not.toContain("open-sesame");
  });
});
