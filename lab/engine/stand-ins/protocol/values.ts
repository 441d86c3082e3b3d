/**
 * Property values as the engine sends them: JSON in which special values are objects with a signature.
 * @see https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
 */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The properties of one resource. */
export type Values = { readonly [key: string]: Value };

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";

export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What stands for a value that is known only after another resource was made: of a string, boolean, number, list, asset, archive, map. */
const unknownMarkers = new Set([
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export function isUnknown(value: Value | undefined): boolean {
  return typeof value === "string" && unknownMarkers.has(value);
}

export function isMap(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasSignature(value: Value | undefined, signature: string): value is Values {
  return isMap(value) && value[signatureKey] === signature;
}

export function isSecret(value: Value | undefined): boolean {
  return hasSignature(value, secretSignature);
}

/** Marks a value as one that the engine must encrypt in the state and hide in its output. */
export function secret(value: Value): Value {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

/** Marks the values of some keys as secret. */
export function withSecrets(values: Values, keys: Iterable<string>): Values {
  const marked = { ...values };
  for (const key of keys) if (marked[key] !== undefined) marked[key] = secret(marked[key]);
  return marked;
}

/** A file, directory or text that a program hands over, by content. */
export type AssetKind = "asset" | "archive";

export function assetKind(value: Value | undefined): AssetKind | undefined {
  if (hasSignature(value, assetSignature)) return "asset";
  return hasSignature(value, archiveSignature) ? "archive" : undefined;
}

/** The value without secret markers, at any depth. */
export function plain(value: Value): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (!isMap(value)) return value;
  if (isSecret(value)) return plain(value["value"] ?? null);
  return plainValues(value);
}

export function plainValues(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)]));
}

/** Whether any part of the value satisfies the condition. */
export function contains(value: Value | undefined, condition: (part: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (condition(value)) return true;
  if (Array.isArray(value)) return value.some(part => contains(part, condition));
  return isMap(value) && Object.values(value).some(part => contains(part, condition));
}
