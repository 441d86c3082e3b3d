import { randomBytes } from "node:crypto";
import { changes, topKey } from "../protocol/diff";
import type {
  CheckFailure,
  CheckRequest,
  CreateRequest,
  DeleteRequest,
  Diff,
  DiffRequest,
  Log,
  UpdateRequest,
} from "../protocol/provider";
import type { Values } from "../protocol/values";

/** What one resource type of the plugin does. */
export interface Resource {
  check(request: CheckRequest): { inputs: Values; failures: readonly CheckFailure[] };
  create(request: CreateRequest, log: Log): Promise<{ id: string; state: Values }>;
  update(request: UpdateRequest, log: Log): Promise<Values>;
  delete(request: DeleteRequest, log: Log): Promise<void>;
}

/** All types of the plugin are replaced when a trigger changes, and updated in place otherwise. */
export function diff({ oldInputs, news }: DiffRequest): Diff {
  const found = changes(oldInputs, news);
  return { changes: found, replaces: [...found.keys()].filter(path => topKey(path) === "triggers") };
}

/** Name and eight random hexadecimal digits, as the official plugin makes it. */
export function newId(name: string): string {
  return name + randomBytes(4).toString("hex");
}
