import { readFileSync } from "node:fs";
import type { z } from "zod";
import { exitCodes, messageOf, RunnerError } from "./errors";
import { shell } from "./shell";

/** Reads a runner's config. @throws {RunnerError} that names every fault with its path and value */
export function readConfig<T>(file: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw wrong(`config "${file}" can't be read: ${messageOf(error)}`, file);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(issue => {
    const path = issue.path.join(".") || "config";
    return `${path} is ${JSON.stringify(at(value, issue.path)) ?? "missing"}: ${issue.message}`;
  });
  throw wrong(`config "${file}" has ${faults.length} faults: ${faults.join("; ")}`, file);
}

function wrong(failed: string, file: string): RunnerError {
  const next = shell`Correct the estate and deploy it again; then: --check-config --config ${file}`;
  return new RunnerError(exitCodes.usage, { failed, kept: "Nothing was changed.", next });
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
