import { z } from "zod";
import type { Api } from "../api";
import type { ReadSecret } from "./receivers";

const selectors = z.object({ name: z.string(), key: z.string() });
const secret = z.object({ data: z.record(z.string(), z.base64()).default({}) });

/** Secrets of one namespace that an object names, read beforehand. */
export interface Secrets {
  readonly read: ReadSecret;
  /** By secret and key; a change in them changes what the object comes to. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Reads each Secret that a `{ name, key }` somewhere in the spec points to. */
export async function secretsOf(api: Api, namespace: string, spec: unknown): Promise<Secrets> {
  const values: Record<string, Record<string, string>> = {};
  for (const name of namesIn(spec)) {
    const found = await api.get(`/api/v1/namespaces/${namespace}/secrets/${name}`);
    if (found === undefined) continue;
    const { data } = secret.parse(found);
    values[name] = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
    );
  }
  return {
    values,
    read(name, key) {
      const data = values[name];
      if (!data) throw new Error(`there is no Secret "${namespace}/${name}"`);
      const value = data[key];
      if (value === undefined)
        throw new Error(
          `Secret "${namespace}/${name}" has no key "${key}", it has: ${Object.keys(data).join(", ")}`,
        );
      return value.trim();
    },
  };
}

function namesIn(value: unknown): Set<string> {
  if (typeof value !== "object" || value === null) return new Set();
  const here = selectors.safeParse(value);
  const below = Object.values(value).flatMap(child => [...namesIn(child)]);
  return new Set(here.success ? [here.data.name, ...below] : below);
}
