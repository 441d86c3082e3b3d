import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Values, plainValues } from "../protocol/values";
import { metadataOf } from "./naming";

/** Folders below the rendered one, in the order in which kubectl has to apply them. */
const folders = { definitions: "0-crd", manifests: "1-manifest" } as const;

/** File that an object is rendered to: `1-manifest/<group_version>-<kind>-<namespace>-<name>.yaml`. */
export function renderedPath(directory: string, object: Values): string {
  const { apiVersion, kind } = object;
  const { namespace, name } = metadataOf(object);
  const version = String(apiVersion).replace(/[/:]/g, "_");
  const place = typeof namespace === "string" && namespace !== "" ? namespace : "default";
  const folder = kind === "CustomResourceDefinition" ? folders.definitions : folders.manifests;
  return join(directory, folder, `${version}-${String(kind).toLowerCase()}-${place}-${String(name)}.yaml`);
}

/** Writes the object's manifest. A secret value in it is written in plain text: that is what the manifest is for. */
export function render(directory: string, object: Values): string {
  for (const folder of Object.values(folders))
    mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
  const path = renderedPath(directory, object);
  const text = stringify(plainValues(object), { sortMapEntries: true, lineWidth: 0 });
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Removes the object's manifest, if it is there. */
export function unrender(directory: string, object: Values): void {
  rmSync(renderedPath(directory, object), { force: true });
}
