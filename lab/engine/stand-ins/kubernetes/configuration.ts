import { z } from "zod";
import { type Values, plainValues } from "../protocol/values";

/** The SDK sends every setting but strings as JSON text, and an unset one as no property. */
const flag = z
  .union([
    z.boolean(),
    z.enum(["true", "false"]).transform(text => text === "true"),
    z.literal("").transform(() => undefined),
  ])
  .optional();
const text = z
  .string()
  .transform(given => given || undefined)
  .optional();

const schema = z.object({
  /** Text of a kubeconfig, or the path of one. */
  kubeconfig: text,
  context: text,
  namespace: text,
  renderYamlToDirectory: text,
  enableServerSideApply: flag,
  enableConfigMapMutable: flag,
  enableSecretMutable: flag,
  enablePatchForce: flag,
  upsertExistingObjects: flag,
  alwaysRender: flag,
  deleteUnreachable: flag,
});

/** Settings of the Kubernetes provider that change what this stand-in does. */
export type Configuration = z.infer<typeof schema>;

/** @throws when a setting asks for what only the official plugin does */
export function parseConfiguration(values: Values): Configuration {
  const configuration = schema.parse(plainValues(values));
  const unsupported = [
    ...(configuration.enableServerSideApply === false ? ["enableServerSideApply: false"] : []),
    ...(configuration.alwaysRender ? ["alwaysRender: true"] : []),
  ];
  if (unsupported.length > 0)
    throw new Error(
      `the stand-in for the kubernetes plugin doesn't do ${unsupported.join(", ")}. Leave it out, or install the official plugin`,
    );
  return configuration;
}
