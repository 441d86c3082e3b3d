import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { projectRoot } from "../../lab/cache";
import { parseEstate, planOf } from "../../plan";
import { deadMenOf } from "../../plan/dead-man";
import { noSecret, ProductStack } from "./engine/product-stack";
import { nowhere, readRecorded } from "./engine/recorded";
import { recordedSecrets } from "./engine/recorded-estate";

jest.setTimeout(1_800_000);

/** A stack that an earlier version made, with all that it could install. `npm run record` makes it anew. */
const { estate, resources, state } = readRecorded();

let stack: ProductStack;
beforeAll(async () => {
  stack = await ProductStack.open(estate, {
    ...{ privateKey: noSecret, kubeconfig: "kubeconfig", secrets: recordedSecrets },
  });
  const entry = (value: object): object[] => [{ name: "lab", ...value }];
  writeFileSync(
    stack.file("program/kubeconfig"),
    stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "lab" },
      clusters: entry({ cluster: { server: nowhere } }),
      contexts: entry({ context: { cluster: "lab", user: "lab" } }),
      users: entry({ user: { token: "none" } }),
    }),
  );
});
afterAll(() => stack?.remove());

const previewSchema = z.object({ steps: z.array(z.object({ op: z.string(), urn: z.string() })) });

/** What a preview of the stack would do, beside updates in place: "OP TYPE NAME". */
async function notInPlace(): Promise<string[]> {
  await stack.importState(state);
  const text = await stack.must("preview", "--json");
  return previewSchema
    .parse(JSON.parse(text.slice(text.indexOf("{"))))
    .steps.filter(({ op }) => op !== "same" && op !== "update")
    .map(({ op, urn }) => `${op} ${urn.split("::").slice(2).join(" ")}`);
}

test("it has what each job's layer and each kind of deployment makes", () => {
  const plan = planOf(parseEstate(estate));
  const installed = [
    ...plan.jobs.flatMap(({ deployment }) => (deployment.kind === "planned" ? [] : [deployment.runner])),
    ...deadMenOf(plan).map(({ runner }) => runner),
  ];
  // A runner that it hasn't could get another type unseen.
  const programs = ["host-scripts", "cluster-scripts"].flatMap(folder =>
    readdirSync(join(projectRoot, folder)).filter(
      name => name.endsWith(".ts") && name !== "bundle-runner.ts",
    ),
  );
  expect([...new Set(installed)].map(runner => `${runner}.ts`).sort()).toEqual(programs.sort());
  const types = new Set(resources.map(({ type }) => type));
  // A program of a host has a type of its own; those of pods share theirs.
  const ofPods = new Set(
    plan.jobs.flatMap(({ deployment }) => (deployment.kind === "cronjob" ? [deployment.runner] : [])),
  );
  const ofHosts = installed.filter(runner => ![...ofPods].some(name => name === runner));
  expect([...types].filter(type => type.startsWith("holdfast:layer:")).length).toBe(
    new Set(ofHosts).size + 1,
  );
  for (const made of ["Access", "AlertRoutes", "AlertRules"])
    expect(types).toContain(`holdfast:cluster:${made}`);
  for (const made of ["Credential", "Folder", "Release", "Runbooks"])
    expect(types).toContain(`holdfast:host:${made}`);
});

test("its preview replaces, removes and adds nothing", async () => {
  // Programs of a pod lie in one that is called after their content, and never changes.
  const programs =
    /^(replace|create-replacement|delete-replaced) holdfast:layer:ClusterDump\$\S+:ConfigMap \S+-k8s-programs$/;
  expect((await notInPlace()).filter(step => !programs.test(step))).toEqual([]);
});
