import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { setCommand } from "../plan/set-secret";
import { type Kubeconfig, readKubeconfig } from "./kubeconfig";
import type { Digests } from "./images";
import { openSecrets } from "./open-secrets";
import { operatorFault } from "./operator-fault";
import { isPathText } from "./path-text";

const keys = {
  sshPrivateKey: z.string().min(1).optional(),
  sshPrivateKeyFile: z.string().min(1).optional(),
  kubeconfig: z.string().min(1).optional(),
  prometheus: z.enum(["operator", "files"]).default("operator"),
  clusterTokens: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
      "names tokens: expected up to 40 small letters, digits and hyphens, such as 2026-11. pulumi config set holdfast:clusterTokens 2026-11",
    )
    .optional(),
  hostsDown: z
    .string()
    .default("")
    .transform(text =>
      text
        .split(",")
        .map(name => name.trim())
        .filter(name => name !== ""),
    ),
  secrets: z.string().default("{}").transform(secretsIn),
  images: z.string().default("{}").transform(imagesIn),
};
const schema = z.object(keys).refine(settings => !(settings.sshPrivateKey && settings.sshPrivateKeyFile), {
  path: ["sshPrivateKeyFile"],
  message: "is set beside holdfast:sshPrivateKey. Keep one of the two",
});

/** What a deployment needs to know beside the estate: how to get in. From the stack's configuration, `holdfast:KEY`. */
export interface Settings {
  /** Private key for the hosts, in OpenSSH's text form. A secret. None: the keys in the SSH agent of whoever deploys. */
  readonly sshPrivateKey: pulumi.Output<string> | undefined;
  /** The way into the cluster, read when something is made there. @throws {pulumi.RunError} when there is none */
  readonly kubeconfig: () => Kubeconfig;
  /** How Prometheus gets its rules: as objects for its operator, or only as the stack's output `ruleFile`. */
  readonly prometheus: "operator" | "files";
  /** Name of the tokens of the hosts' accounts in a cluster: another one makes new tokens and revokes those before. */
  readonly clusterTokens?: string;
  /** Hosts that are known not to answer, and aren't asked before a deployment. */
  readonly hostsDown: readonly string[];
  /** Socket of the SSH agent that the command plugin takes from the environment. */
  readonly sshAgent: string | undefined;
  /** Digests of images that the estate names by a tag. */
  readonly images: Digests;
  /** What the estate calls secrets, by name. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * The settings of a stack. Where it names no key, that of `HOLDFAST_SSH_KEY_FILE` in the environment is used, or else the
 * SSH agent.
 * @param config the stack's configuration by full key, e.g. "holdfast:kubeconfig"
 * @param stackFile text of Pulumi.STACK.yaml. @default none: what lies open in an object beside what doesn't isn't seen
 * @throws {pulumi.RunError} with all faults at once, each with the command that mends it
 */
export function readSettings(
  config: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
  stackFile?: string,
): Settings {
  const own = Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith("holdfast:"))
      .map(([key, value]) => [key.slice("holdfast:".length), value]),
  );
  const parsed = schema.safeParse(own);
  const faults = [
    // A misspelt "kubeconfig" would otherwise leave the choice of the cluster to kubectl.
    ...Object.keys(own)
      .filter(key => !(key in keys))
      .map(
        key =>
          `holdfast:${key} isn't a setting (known: ${Object.keys(keys).join(", ")}). pulumi config rm holdfast:${key}`,
      ),
    ...plainTexts(own, environment),
    ...(stackFile === undefined ? [] : openSecrets(stackFile)).map(openSecretText),
    ...(parsed.error?.issues ?? []).map(issue => `holdfast:${issue.path.join(".")} ${issue.message}`),
  ];
  if (!parsed.success || faults.length > 0) throw settingsFault(faults);
  const { sshPrivateKey, sshPrivateKeyFile, kubeconfig, prometheus, hostsDown, clusterTokens } = parsed.data;
  const { secrets, images } = parsed.data;
  const sshAgent = environment["SSH_AUTH_SOCK"] || undefined;
  const key = sshPrivateKey ?? keyOfFile(sshPrivateKeyFile, environment);
  if (key === undefined) requireAgent(sshAgent);
  return {
    sshPrivateKey: key === undefined ? undefined : pulumi.secret(key),
    prometheus,
    secrets,
    images,
    ...(clusterTokens === undefined ? {} : { clusterTokens }),
    hostsDown,
    sshAgent,
    kubeconfig: () =>
      readKubeconfig(
        {
          // Pulumi's own setting where the stack has none of ours.
          ...(kubeconfig === undefined
            ? { setting: config["kubernetes:kubeconfig"], settingName: "kubernetes:kubeconfig" }
            : { setting: kubeconfig }),
          context: config["kubernetes:context"],
        },
        environment,
      ),
  };
}

/** Settings whose text is a secret, of which none may lie open in the stack's file. */
const secretTexts: Readonly<Record<string, (text: string) => boolean>> = {
  sshPrivateKey: () => true,
  // A path may be seen; a text holds a token.
  kubeconfig: text => /[\n{]/.test(text),
  secrets: text => text !== "{}",
};

const seen = "whoever has seen the file knows it: change it where it is used, too";

/** A secret that was set without --secret lies open in the stack's file, and goes with it wherever that is kept. */
function plainTexts(
  own: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const known = z.array(z.string()).safeParse(jsonOf(environment["PULUMI_CONFIG_SECRET_KEYS"] ?? ""));
  // An engine that doesn't say which settings are secrets: nothing can be told of them.
  if (!known.success) return [];
  return Object.entries(own)
    .filter(([key, text]) => secretTexts[key]?.(text) && !known.data.includes(`holdfast:${key}`))
    .map(
      ([key]) =>
        `holdfast:${key} lies open in the stack's file. pulumi config rm holdfast:${key}, then ` +
        (key === "secrets" ? setCommand("NAME") : `pulumi config set --secret holdfast:${key}`) +
        `; ${seen}`,
    );
}

function openSecretText(name: string): string {
  const path = `--path 'holdfast:secrets["${name}"]'`;
  return `the secret "${name}" lies open in the stack's file. pulumi config rm ${path}, then ${setCommand(name)}; ${seen}`;
}

const digest = z
  .string()
  .regex(
    /^sha256:[0-9a-f]{64}$/,
    'is no digest, expected "sha256:" and 64 digits as `skopeo inspect` prints',
  );

function imagesIn(text: string, context: z.RefinementCtx): Digests {
  const parsed = z.record(z.string(), digest).safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues)
    context.addIssue({ code: "custom", message: `${path.join(".")} ${message}`.trim() });
  return z.NEVER;
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
    // A line break alone is what an empty password leaves behind where it is read from standard input.
    if (typeof value === "string" && value.trim() !== "") secrets[name] = pulumi.secret(value);
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

/** With an agent, no key lies in the state, and who deploys makes no difference to it. */
function requireAgent(socket: string | undefined): void {
  if (socket !== undefined && statSync(socket, { throwIfNoEntry: false })?.isSocket()) return;
  const why =
    socket === undefined ? "SSH_AUTH_SOCK isn't set" : `SSH_AUTH_SOCK is "${socket}", and no agent is there`;
  throw settingsFault([
    `The hosts are reached with an SSH key, and there is none: the stack names none, and ${why}.`,
    'Next: eval "$(ssh-agent)"; ssh-add ~/.ssh/id_ed25519',
    "or, where one person alone deploys: pulumi config set holdfast:sshPrivateKeyFile ~/.ssh/id_ed25519",
  ]);
}

/** @param setting the stack's own, which comes first */
function keyOfFile(
  setting: string | undefined,
  { HOLDFAST_SSH_KEY_FILE: variable }: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (setting !== undefined) return keyIn(setting, "holdfast:sshPrivateKeyFile");
  return variable === undefined ? undefined : keyIn(variable, "HOLDFAST_SSH_KEY_FILE");
}

/** @param name what the file was said by */
function keyIn(file: string, name: string): string {
  if (!isPathText(file))
    throw settingsFault([
      `${name} holds ${file.length} characters that are no path of a file. For a key's text: pulumi config set --secret holdfast:sshPrivateKey <FILE`,
    ]);
  let text: string;
  try {
    text = readFileSync(fromHome(file), "utf8");
  } catch (error) {
    const reason = String(error).replace(/^Error: /, "");
    throw settingsFault([`${name} is "${file}", which can't be read: ${reason}`]);
  }
  if (!text.includes("PRIVATE KEY"))
    throw settingsFault([
      `${name} is "${file}", which holds no private key: expected a file that begins with "-----BEGIN OPENSSH PRIVATE KEY-----"`,
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
