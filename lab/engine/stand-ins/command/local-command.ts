import { spawn } from "node:child_process";
import { z } from "zod";
import { type Run, commandResource, commandSchema } from "./command";
import type { Resource } from "./resource";
import { type RunOutput, all, collector, trimmed } from "./session";

const unsupported = z
  .undefined("is not supported by this stand-in for the command plugin; install the official plugin")
  .optional();

const schema = commandSchema.extend({
  dir: z.string().optional(),
  interpreter: z.array(z.string()).min(1).default(["/bin/sh", "-c"]),
  assetPaths: unsupported,
  archivePaths: unsupported,
});

type Inputs = ReturnType<typeof schema.parse>;

/** `command:local:Command`: commands that run on the machine where Pulumi runs. */
export const localCommand: Resource = commandResource<Inputs>(schema, [], execute);

function execute({ inputs, command, previous, onLine }: Run<Inputs>): Promise<RunOutput> {
  const [program = "/bin/sh", ...args] = inputs.interpreter;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, command], {
      cwd: inputs.dir,
      env: { ...process.env, ...inputs.environment, ...previous },
    });
    const printed: Buffer[] = [];
    const stdout = collector(printed, line => onLine(line, "stdout"));
    const stderr = collector(printed, line => onLine(line, "stderr"));
    child.stdout.on("data", stdout.take);
    child.stderr.on("data", stderr.take);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const output = { stdout: stdout.end(), stderr: stderr.end() };
      if (code === 0) return resolve(trimmed(output));
      const ending = code === null ? `signal: ${signal}` : `exit status ${code}`;
      reject(new Error(`${ending}: running ${JSON.stringify(command)}:\n${all(printed)}`));
    });
    // A command that doesn't read its input closes the pipe: its exit code says whether that was right.
    child.stdin.on("error", () => undefined);
    child.stdin.end(inputs.stdin ?? "");
  });
}
