import { parse } from "yaml";
import { z } from "zod";
import { exchange, type Reply } from "./http";
import { readLabFile } from "./places";
import { fixedFacts } from "../facts";

const kubeconfig = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": z.base64() }) }))
    .length(1),
  users: z.array(z.object({ user: z.object({ token: z.string() }) })).length(1),
});

const status = z.object({ message: z.string() });

/** The Kubernetes API as the few servers here need it: objects in and out as JSON, by path. */
export interface Api {
  /** @returns the object, or nothing when there is none at this path */
  get(path: string): Promise<unknown>;
  /** Makes what only a POST makes, such as the binding of a pod to a node. */
  create(path: string, object: unknown): Promise<unknown>;
  /** Server-side apply under the lab's own field manager. */
  apply(path: string, object: unknown): Promise<unknown>;
  remove(path: string): Promise<void>;
  /** What the server says about its own readiness: status 200 when it is. */
  ready(): Promise<Reply>;
}

/** @param file a kubeconfig with one cluster and one user, as `ensureCredentials` writes it */
export function connect(file: string = fixedFacts.kubeconfig): Api {
  const { clusters, users } = kubeconfig.parse(parse(readLabFile(file)));
  const [first, user] = [clusters[0]?.cluster, users[0]?.user];
  if (!first || !user) throw new Error(`${file} has no cluster or no user`);
  const ca = Buffer.from(first["certificate-authority-data"], "base64").toString("utf8");
  const call = (method: string, path: string, body = "", type = "application/json"): Promise<Reply> =>
    exchange(first.server + path, {
      method,
      ca,
      body,
      headers: { authorization: `Bearer ${user.token}`, "content-type": type, accept: "application/json" },
      timeoutMs: 300_000,
    });
  return {
    ready: () => call("GET", "/readyz"),
    async get(path) {
      const reply = await call("GET", path);
      return reply.status === 404 ? undefined : content("GET", path, reply);
    },
    create: async (path, object) => content("POST", path, await call("POST", path, JSON.stringify(object))),
    async apply(path, object) {
      const query = "?fieldManager=holdfast-lab&force=true";
      const reply = await call("PATCH", path + query, JSON.stringify(object), "application/apply-patch+yaml");
      return content("PATCH", path, reply);
    },
    async remove(path) {
      const reply = await call("DELETE", path);
      if (reply.status !== 404) content("DELETE", path, reply);
    },
  };
}

function content(method: string, path: string, reply: Reply): unknown {
  if (reply.status >= 200 && reply.status < 300) return JSON.parse(reply.body);
  throw new Error(`${method} ${path}: the Kubernetes API answered ${reply.status}: ${reason(reply.body)}`);
}

function reason(body: string): string {
  try {
    return status.parse(JSON.parse(body)).message;
  } catch {
    return body.trim().slice(0, 300);
  }
}
