import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { operatorFault } from "./operator-fault";
import { setCommand } from "./secrets";

const keys = {
  sshPrivateKey: z.string().min(1).optional(),
  sshPrivateKeyFile: z.string().min(1).optional(),
  kubeconfig: z.string().min(1).optional(),
  prometheus: z.enum(["operator", "files"]).default("operator"),
  secrets: z.string().default("{}").transform(secretsIn),
};
const schema = z.object(keys).refine(settings => !(settings.sshPrivateKey && settings.sshPrivateKeyFile), {
  path: ["sshPrivateKeyFile"],
  message: "is set beside holdfast:sshPrivateKey. Keep one of the two",
});

/** What a deployment needs to know beside the estate: how to get in. From the stack's configuration, `holdfast:KEY`. */
export interface Settings {
  /** Private key for the hosts, in OpenSSH's text form. A secret. */
  readonly sshPrivateKey: pulumi.Output<string>;
  /** Path of a kubeconfig, or its text. @default the kubectl of whoever deploys */
  readonly kubeconfig?: string;
  /** How Prometheus gets its rules: as objects for its operator, or only as the stack's output `ruleFile`. */
  readonly prometheus: "operator" | "files";
  /** What the estate calls secrets, by name. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * The settings of a stack. `HOLDFAST_SSH_KEY_FILE` in the environment is used where the stack names no key.
 * @param config the stack's configuration by full key, e.g. "holdfast:kubeconfig"
 * @throws {pulumi.RunError} with all faults at once, each with the command that mends it
 */
export function readSettings(
  config: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const own = Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith("holdfast:"))
      .map(([key, value]) => [key.slice("holdfast:".length), value]),
  );
  const parsed = schema.safeParse(own);
  const faults = [
    // A misspelt "kubeconfig" would otherwise deploy to whatever cluster kubectl points at.
    ...Object.keys(own)
      .filter(key => !(key in keys))
      .map(
        key =>
          `holdfast:${key} isn't a setting (known: ${Object.keys(keys).join(", ")}). pulumi config rm holdfast:${key}`,
      ),
    ...(parsed.error?.issues ?? []).map(issue => `holdfast:${issue.path.join(".")} ${issue.message}`),
  ];
  if (!parsed.success || faults.length > 0) throw settingsFault(faults);
  const { sshPrivateKey, sshPrivateKeyFile, kubeconfig, prometheus, secrets } = parsed.data;
  const key = sshPrivateKey ?? keyIn(sshPrivateKeyFile ?? environment["HOLDFAST_SSH_KEY_FILE"]);
  return {
    sshPrivateKey: pulumi.secret(key),
    prometheus,
    secrets,
    ...(kubeconfig === undefined ? {} : { kubeconfig: fromHome(kubeconfig) }),
  };
}

/** The engine hands over an object of the configuration as JSON, decrypted. No fault may show a value. */
function secretsIn(text: string, context: z.RefinementCtx): Record<string, pulumi.Output<string>> {
  const parsed = z.record(z.string(), z.unknown()).safeParse(jsonOf(text));
  if (!parsed.success)
    context.addIssue({
      code: "custom",
      message: `isn't an object of secrets by name. pulumi config rm holdfast:secrets, then ${setCommand("NAME")}`,
    });
  const secrets: Record<string, pulumi.Output<string>> = {};
  for (const [name, value] of Object.entries(parsed.data ?? {}))
    if (typeof value === "string" && value !== "") secrets[name] = pulumi.secret(value);
    else
      context.addIssue({
        code: "custom",
        path: [name],
        message: `isn't a text, or is empty. ${setCommand(name)}`,
      });
  return secrets;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keyIn(file: string | undefined): string {
  if (file === undefined)
    throw settingsFault([
      "holdfast:sshPrivateKeyFile is missing: the hosts are reached with an SSH key. pulumi config set holdfast:sshPrivateKeyFile ~/.ssh/id_ed25519",
    ]);
  let text: string;
  try {
    text = readFileSync(fromHome(file), "utf8");
  } catch (error) {
    const reason = String(error).replace(/^Error: /, "");
    throw settingsFault([`holdfast:sshPrivateKeyFile is "${file}", which can't be read: ${reason}`]);
  }
  if (!text.includes("PRIVATE KEY"))
    throw settingsFault([
      `holdfast:sshPrivateKeyFile is "${file}", which holds no private key: expected a file that begins with "-----BEGIN OPENSSH PRIVATE KEY-----"`,
    ]);
  return text;
}

function fromHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

function settingsFault(faults: readonly string[]): pulumi.RunError {
  return operatorFault(
    ["The stack's settings are wrong; nothing was changed.", ...faults.map(fault => `  ${fault}`)].join("\n"),
  );
}
