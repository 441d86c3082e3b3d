import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { projectRoot } from "../../../lab/cache";
import { type ExportedState, noSecret } from "./product-stack";
import { closedPort } from "./sshd";

/** What the engine has of a stack that an earlier version made, and the estate that it was made of. */
const file = join(projectRoot, "test/fixtures/recorded-state.json");

/** In the place of the cluster's API: nothing answers there. */
export const nowhere = `https://127.0.0.1:${closedPort}`;
/** In the place of the project's own folder. */
const anywhere = "/holdfast";

const part = z.record(z.string(), z.unknown()).optional();
const resourceSchema = z.object({
  ...{ urn: z.string(), type: z.string(), id: z.string().optional(), custom: z.boolean() },
  ...{ inputs: part, outputs: part, parent: z.string().optional(), provider: z.string().optional() },
  ...{
    dependencies: z.array(z.string()).optional(),
    additionalSecretOutputs: z.array(z.string()).optional(),
  },
  replaceOnChanges: z.array(z.string()).optional(),
});
type Resource = z.infer<typeof resourceSchema>;

/** As `pulumi stack export` has it; where and when a resource was made is left out. */
const stateSchema = z.object({
  version: z.number(),
  deployment: z.object({
    manifest: z.object({ magic: z.string(), version: z.string() }),
    resources: z.array(resourceSchema),
  }),
});
const recordedSchema = z.strictObject({ estate: z.looseObject({}), ...stateSchema.shape });

/** The recorded stack: its estate, and a state that can be imported. */
export function readRecorded(): { estate: object; resources: readonly Resource[]; state: ExportedState } {
  const { estate, version, deployment } = recordedSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const { manifest } = deployment;
  const resources = deployment.resources.map(resource => ({
    ...resource,
    ...(resource.outputs && { outputs: { ...resource.inputs, ...resource.outputs } }),
  }));
  const time = new Date(0).toISOString();
  return {
    estate,
    resources,
    state: { version, deployment: { manifest: { ...manifest, time }, resources } },
  };
}

/**
 * Keeps an exported state, a resource a line: without secrets, with the beginnings of long texts, and of the outputs those that no
 * input has.
 */
export function writeRecorded(estate: object, exported: unknown, server: string): void {
  const { version, deployment } = stateSchema.parse(exported);
  const resources = deployment.resources.map(({ inputs, outputs, ...resource }) => {
    const given = shortened(inputs) as Resource["inputs"];
    const made = Object.entries((shortened(outputs) ?? {}) as object).filter(
      ([name, value]) => !isDeepStrictEqual(given?.[name], value),
    );
    return {
      ...resource,
      ...(given && { inputs: given }),
      ...(outputs && { outputs: Object.fromEntries(made) }),
    };
  });
  const lines = resources.map(resource => JSON.stringify(resource)).join(",\n");
  const head = `"version":${version},"deployment":{"manifest":${JSON.stringify(deployment.manifest)}`;
  const text = `{"estate":${JSON.stringify(estate)},\n${head},"resources":[\n${lines}\n]}}\n`;
  writeFileSync(file, text.replaceAll(server, nowhere).replaceAll(projectRoot, anywhere));
}

/** Marks of a secret in a state that was exported with its secrets shown. */
const secretKey = "4dabf18193072939515e22adb298388d";
const secretValue = "1b47061264138c4ac30d75fd1eb44270";
/** Fields of a connection that are no secret, though it is one as a whole. */
const open = ["host", "port", "user", "hostKey", "dialErrorLimit", "perDialTimeout"];

function shortened(value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, 100);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(shortened);
  if (Reflect.get(value, secretKey) === secretValue) {
    const { plaintext } = z.object({ plaintext: z.string() }).parse(value);
    return { [secretKey]: secretValue, plaintext: JSON.stringify(hidden(JSON.parse(plaintext))) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortened(item)]));
}

function hidden(value: unknown): unknown {
  if (typeof value === "string") return noSecret;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(hidden);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, open.includes(name) ? item : hidden(item)]),
  );
}
