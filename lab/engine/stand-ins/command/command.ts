import { z } from "zod";
import type {
  CheckFailure,
  CheckRequest,
  CreateRequest,
  DeleteRequest,
  Log,
  UpdateRequest,
} from "../protocol/provider";
import { type Values, contains, isUnknown, plainValues, unknown, withSecrets } from "../protocol/values";
import { type Resource, newId } from "./resource";
import type { RunOutput } from "./session";

const loggingModes = ["stdout", "stderr", "stdoutAndStderr", "none"] as const;

/** What `command:remote:Command` and `command:local:Command` have in common. */
export const commandSchema = z.object({
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  stdin: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  triggers: z.array(z.unknown()).optional(),
  logging: z.enum(loggingModes).default("stdoutAndStderr"),
  addPreviousOutputInEnv: z.boolean().default(true),
});

/**
 * Bytes of a line that the official plugin can log. At a longer one, the scanner that reads what a command prints gives up, and the
 * plugin waits for ever for somebody to read the rest.
 */
const longestLine = 65_535;

export interface Run<Inputs> {
  readonly inputs: Inputs;
  readonly command: string;
  /** Output of the run before, which the command finds in its environment; empty when there is none. */
  readonly previous: Readonly<Record<string, string>>;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
  readonly warn: (text: string) => void;
  readonly progress: (text: string) => void;
}

/**
 * A resource that is made, changed and removed by running commands.
 * @param schema its inputs
 * @param alwaysSecret inputs that the state keeps encrypted even if the program doesn't mark them
 */
export function commandResource<Inputs extends z.infer<typeof commandSchema>>(
  schema: z.ZodType<Inputs>,
  alwaysSecret: readonly string[],
  execute: (run: Run<Inputs>) => Promise<RunOutput>,
): Resource {
  /** The program's inputs with the outputs, which are open even beside a secret input: a program has to say otherwise. */
  const stateOf = (inputs: Values, output: Values): Values => ({
    ...withSecrets(inputs, alwaysSecret),
    ...output,
  });

  const perform = async (
    key: "create" | "update" | "delete",
    { urn, log }: { urn: string; log: Log },
    given: Values,
    before: Values,
  ): Promise<Values> => {
    const inputs = schema.parse(plainValues(given));
    const command = inputs[key] ?? "";
    const { stdout, stderr } = plainValues(before);
    let stuck = false;
    const ended = execute({
      inputs,
      command,
      previous: inputs.addPreviousOutputInEnv
        ? filled({ PULUMI_COMMAND_STDOUT: stdout, PULUMI_COMMAND_STDERR: stderr })
        : {},
      onLine: (line, stream) => {
        const wanted = inputs.logging === "stdoutAndStderr" || inputs.logging === stream;
        if (!wanted) return;
        stuck ||= Buffer.byteLength(line) > longestLine;
        if (!stuck) log("info", urn, line, true);
      },
      warn: text => log("warning", urn, text),
      progress: text => log("info", urn, text, true),
    });
    await Promise.allSettled([ended]);
    if (stuck) await new Promise(() => undefined);
    const output = await ended;
    return { stdout: output.stdout, stderr: output.stderr };
  };

  return {
    check: request => check(schema, request),
    async create({ urn, name, inputs, preview }: CreateRequest, log) {
      const id = newId(name);
      if (preview) return { id, state: stateOf(inputs, { stdout: unknown, stderr: unknown }) };
      const runs = inputs["create"] !== undefined;
      const output = runs ? await perform("create", { urn, log }, inputs, {}) : { stdout: "", stderr: "" };
      return { id, state: stateOf(inputs, output) };
    },
    async update({ urn, oldState, news, preview }: UpdateRequest, log) {
      if (preview) return stateOf(news, { stdout: unknown, stderr: unknown });
      const key = news["update"] !== undefined ? "update" : "create";
      const { stdout = "", stderr = "" } = oldState;
      const output =
        news[key] === undefined ? { stdout, stderr } : await perform(key, { urn, log }, news, oldState);
      return stateOf(news, output);
    },
    async delete({ urn, state }: DeleteRequest, log) {
      if (state["delete"] !== undefined) await perform("delete", { urn, log }, state, state);
    },
  };
}

function filled(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(variables);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== ""),
  );
}

/** Inputs with the documented defaults. What is known only later is checked when it is used. */
function check(
  schema: z.ZodType,
  { news }: CheckRequest,
): { inputs: Values; failures: readonly CheckFailure[] } {
  const inputs = { addPreviousOutputInEnv: true, ...news };
  return { inputs, failures: failuresOf(schema, inputs) };
}

/** All faults of the inputs at once; none is reported for a value that isn't known yet. */
export function failuresOf(schema: z.ZodType, inputs: Values): CheckFailure[] {
  const result = schema.safeParse(plainValues(inputs));
  if (result.success) return [];
  return result.error.issues
    .filter(issue => !contains(inputs[String(issue.path[0])], isUnknown))
    .map(issue => ({ property: issue.path.join("."), reason: issue.message }));
}
