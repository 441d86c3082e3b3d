import { createHash } from "node:crypto";
import { type Value, type Values, isMap, isSecret } from "../protocol/values";

/** Annotation that tells a name made here from one that the program gave. */
export const autonamed = "pulumi.com/autonamed";

/** The object's metadata, also when the program marked all of it as secret. */
export function metadataOf(object: Values): Values {
  const metadata = object["metadata"];
  const open = isSecret(metadata) && isMap(metadata) ? metadata["value"] : metadata;
  return isMap(open) ? open : {};
}

export function withMetadata(object: Values, changed: Values): Values {
  const metadata = object["metadata"];
  const sealed = isSecret(metadata) && isMap(metadata) ? { ...metadata, value: changed } : changed;
  return { ...object, metadata: sealed };
}

/**
 * Gives an object without a name the one it had before, or the resource's name, a dash and eight hexadecimal digits.
 * @param seed from the engine; makes the digits
 */
export function named(object: Values, before: Values, name: string, seed: Uint8Array): Values {
  const metadata = metadataOf(object);
  if (metadata["name"] !== undefined || metadata["generateName"] !== undefined) return object;
  const old = metadataOf(before);
  const keeps = annotation(old, autonamed) === "true" && typeof old["name"] === "string";
  const digits = createHash("sha256").update(seed).update(name).digest("hex").slice(0, 8);
  const annotations = isMap(metadata["annotations"]) ? metadata["annotations"] : {};
  return withMetadata(object, {
    ...metadata,
    name: keeps ? (old["name"] ?? null) : `${name}-${digits}`,
    annotations: { ...annotations, [autonamed]: "true" },
  });
}

export function annotation(metadata: Values, name: string): Value | undefined {
  const annotations = metadata["annotations"];
  return isMap(annotations) ? annotations[name] : undefined;
}

/** The resource's id: `NAMESPACE/NAME`, or `NAME` for what lies in no namespace. */
export function idOf(object: Values): string {
  const { namespace, name } = metadataOf(object);
  return typeof namespace === "string" && namespace !== "" ? `${namespace}/${String(name)}` : String(name);
}
