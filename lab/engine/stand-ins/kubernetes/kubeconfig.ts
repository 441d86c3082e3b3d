import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const named = <Shape extends z.ZodType>(key: string, shape: Shape) =>
  z.array(z.looseObject({ name: z.string(), [key]: shape })).default([]);

const cluster = z.object({
  server: z.url(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
});
const user = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  exec: z.undefined("is not supported by this stand-in; install the official plugin").optional(),
  "auth-provider": z.undefined("is not supported by this stand-in; install the official plugin").optional(),
});
const context = z.object({ cluster: z.string(), user: z.string(), namespace: z.string().optional() });

const kubeconfig = z.object({
  "current-context": z.string().optional(),
  clusters: named("cluster", cluster),
  users: named("user", user),
  contexts: named("context", context),
});

/** How to reach a Kubernetes API, and as whom. */
export interface ClusterAccess {
  readonly server: string;
  readonly namespace: string;
  readonly authority: string | undefined;
  readonly skipVerify: boolean;
  readonly serverName: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
}

/**
 * The cluster that a kubeconfig's context names.
 * @param given text of a kubeconfig or path of one; by default $KUBECONFIG, then ~/.kube/config
 * @param contextName by default the file's current one
 * @throws when there is no such file or context, or it holds what isn't supported
 */
export function clusterAccess(
  given: string | undefined,
  contextName: string | undefined,
  environment: NodeJS.ProcessEnv,
): ClusterAccess {
  const { text, folder, origin } = read(given, environment);
  const config = kubeconfig.safeParse(parse(text));
  if (!config.success) throw new Error(`${origin} is no kubeconfig: ${z.prettifyError(config.error)}`);
  const find = <T>(kind: "cluster" | "user" | "context", shape: z.ZodType<T>, name: string): T => {
    const entry = config.data[`${kind}s`].find(candidate => candidate.name === name);
    if (entry) return shape.parse(entry[kind]);
    const names = config.data[`${kind}s`].map(candidate => candidate.name);
    throw new Error(`${origin} has no ${kind} "${name}", it has: ${names.join(", ") || "none"}`);
  };
  const chosen = find("context", context, contextName ?? config.data["current-context"] ?? "");
  const server = find("cluster", cluster, chosen.cluster);
  const who = find("user", user, chosen.user);
  const content = (data: string | undefined, file: string | undefined): string | undefined => {
    if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
    return file === undefined
      ? undefined
      : readFileSync(isAbsolute(file) ? file : join(folder, file), "utf8");
  };
  return {
    server: server.server,
    namespace: chosen.namespace ?? "default",
    authority: content(server["certificate-authority-data"], server["certificate-authority"]),
    skipVerify: server["insecure-skip-tls-verify"] ?? false,
    serverName: server["tls-server-name"],
    certificate: content(who["client-certificate-data"], who["client-certificate"]),
    key: content(who["client-key-data"], who["client-key"]),
    authorization: authorization(
      who.token ?? content(undefined, who.tokenFile)?.trim(),
      who.username,
      who.password,
    ),
  };
}

function read(given: string | undefined, environment: NodeJS.ProcessEnv) {
  if (given !== undefined && /[\n{]/.test(given))
    return { text: given, folder: process.cwd(), origin: "the provider's kubeconfig" };
  const file = (given ?? environment["KUBECONFIG"]?.split(":")[0]) || join(homedir(), ".kube", "config");
  const path = file.startsWith("~/") ? join(homedir(), file.slice(2)) : file;
  try {
    return { text: readFileSync(path, "utf8"), folder: dirname(path), origin: `"${path}"` };
  } catch (cause) {
    throw new Error(`the kubeconfig "${path}" can't be read: ${(cause as Error).message}`, { cause });
  }
}

function authorization(
  token: string | undefined,
  name: string | undefined,
  password: string | undefined,
): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (name === undefined) return undefined;
  return `Basic ${Buffer.from(`${name}:${password ?? ""}`).toString("base64")}`;
}
