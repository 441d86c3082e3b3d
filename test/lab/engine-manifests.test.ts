import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { testLong } from "../long";
import { ThrowAwayStack } from "./engine/throw-away-stack";

jest.setTimeout(1_800_000);

let stack: ThrowAwayStack;

beforeAll(async () => {
  stack = await ThrowAwayStack.start("kubernetes.cjs");
});

afterAll(() => stack?.remove());

const rule = (expr: string): object => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "mirror", namespace: "monitoring" },
  spec: { groups: [{ name: "mirror", rules: [{ alert: "Stale", expr }] }] },
});

function give(expr: string): void {
  stack.give({
    provider: { renderYamlToDirectory: directory() },
    objects: { rule: rule(expr) },
    configMaps: { auto: { data: { text: "one\ntwo\n" } } },
  });
}

function directory(): string {
  return join(stack.folder, "manifests");
}

function manifest(): string {
  return join(directory(), "1-manifest/monitoring.coreos.com_v1-prometheusrule-monitoring-mirror.yaml");
}

test("a preview writes no manifest, a deployment writes them all, a second one changes nothing", async () => {
  give("up == 0");
  expect((await stack.preview()).exitCode).toBe(0);
  expect(existsSync(directory())).toBe(false);
  expect((await stack.up()).exitCode).toBe(0);
  expect(parse(readFileSync(manifest(), "utf8"))).toEqual(rule("up == 0"));
  const names = readdirSync(join(directory(), "1-manifest"));
  expect(names).toContainEqual(expect.stringMatching(/^v1-configmap-default-auto-[0-9a-f]{8}\.yaml$/));
  expect((await stack.up()).all).toContain("4 unchanged");
});

// test/lab/release.test.ts has that an edit is shown as its line.
testLong("a changed expression previews as that expression, and its manifest follows", async () => {
  give("up == 1");
  expect((await stack.preview()).all).toMatch(/~ expr: "up == 0" => "up == 1"/);
  expect((await stack.up()).exitCode).toBe(0);
  expect(parse(readFileSync(manifest(), "utf8"))).toEqual(rule("up == 1"));
});

test("destroying the stack removes the manifests that it wrote", async () => {
  expect((await stack.destroy()).exitCode).toBe(0);
  expect(readdirSync(join(directory(), "1-manifest"))).toEqual([]);
});
