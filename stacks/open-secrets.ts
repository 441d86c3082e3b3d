import { parse } from "yaml";
import { z } from "zod";

const file = z.object({ config: z.object({ "holdfast:secrets": z.record(z.string(), z.unknown()) }) });

/**
 * Names of secrets that lie open in a stack's file. The engine doesn't tell: it calls all of an object secret when any part of it is.
 * @param text of Pulumi.STACK.yaml
 */
export function openSecrets(text: string): string[] {
  const parsed = file.safeParse(parse(text));
  return Object.entries(parsed.data?.config["holdfast:secrets"] ?? {})
    .filter(([, value]) => typeof value === "string")
    .map(([name]) => name);
}
