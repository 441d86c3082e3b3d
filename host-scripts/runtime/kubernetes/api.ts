import { request } from "node:https";
import { z } from "zod";
import { messageOf } from "../errors";
import { within } from "../within";

/** A kubeconfig as a deployment writes it: JSON, with one cluster and one user who has a token. */
const kubeconfig = z.object({
  clusters: z
    .array(z.object({ cluster: z.object({ server: z.url(), "certificate-authority-data": z.base64() }) }))
    .length(1),
  users: z.array(z.object({ user: z.object({ token: z.string().min(1) }) })).length(1),
});

/** What a Kubernetes API answers when it refuses. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Objects of one cluster by path, as JSON. */
export interface KubernetesApi {
  /** @throws {ApiRefusal} @throws {Error} when it doesn't answer in time */
  get(path: string): Promise<unknown>;
  /** A JSON merge patch (RFC 7386). */
  patch(path: string, change: object): Promise<unknown>;
}

/** The same, which may be asked a question by a POST. */
export interface AskedApi extends KubernetesApi {
  create(path: string, object: object): Promise<unknown>;
}

const answerMs = 15_000;
/** A list of some hundred thousand objects; all of it is kept in memory. */
const mostAnswerBytes = 128 * 1024 * 1024;

/** What a parser says would quote the text, token and all. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("the kubeconfig is no JSON");
  }
}

/** @param text kubeconfig as JSON @param stop gives up what is under way @param mostBytes of one answer */
export function connect(text: string, stop: AbortSignal, mostBytes = mostAnswerBytes): AskedApi {
  const { clusters, users } = kubeconfig.parse(jsonOf(text));
  const cluster = clusters[0]?.cluster;
  const token = users[0]?.user.token ?? "";
  if (!cluster) throw new Error("the kubeconfig names no cluster");
  const ca = Buffer.from(cluster["certificate-authority-data"], "base64");
  const call = (method: string, path: string, body?: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const url = new URL(path, cluster.server);
      const headers = {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body && {
          "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
        }),
      };
      const signal = within(stop, answerMs);
      const outgoing = request(url, { method, headers, ca, signal });
      outgoing.on("error", error =>
        reject(new Error(`${url.origin}: ${messageOf(error)}`, { cause: error })),
      );
      outgoing.on("response", response => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= mostBytes) chunks.push(chunk);
          else outgoing.destroy(new Error(`its answer has more than ${mostBytes} bytes`));
        });
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          try {
            if (status >= 300) throw new ApiRefusal(status, reasonOf(answer, status));
            resolve(JSON.parse(answer));
          } catch (error) {
            reject(error);
          }
        });
      });
      outgoing.end(body && JSON.stringify(body));
    });
  return {
    get: path => call("GET", path),
    patch: (path, change) => call("PATCH", path, change),
    create: (path, object) => call("POST", path, object),
  };
}

const status = z.object({ message: z.string() });

function reasonOf(answer: string, code: number): string {
  try {
    return status.parse(JSON.parse(answer)).message;
  } catch {
    return `HTTP status ${code}`;
  }
}
