import { type IncomingMessage, type RequestOptions, request as plainRequest } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import { z } from "zod";
import type { Values } from "../protocol/values";
import type { ClusterAccess } from "./kubeconfig";

/** What the API server answers when it refuses something. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** In one word, e.g. "AlreadyExists": a status may have several. */
    readonly reason?: string,
  ) {
    super(message);
  }
}

/** The API server can't be reached at all. */
export class Unreachable extends Error {}

const statusSchema = z.object({ message: z.string(), reason: z.string().optional() });

export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: object;
  /** @default application/json */
  readonly type?: string;
}

/** One Kubernetes API server. */
export interface Api {
  /**
   * @throws {ApiError} when the server refuses
   * @throws {Unreachable} when it doesn't answer
   */
  call(call: Call): Promise<Values>;
  /** Address, for messages. */
  readonly server: string;
}

const answerWithinMs = 300_000;

export function connect(access: ClusterAccess): Api {
  const base = new URL(access.server);
  const secure = base.protocol === "https:";
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: !access.skipVerify,
    ...(access.authority === undefined ? {} : { ca: access.authority }),
    ...(access.certificate === undefined ? {} : { cert: access.certificate }),
    ...(access.key === undefined ? {} : { key: access.key }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
  });
  const call = ({ method, path, body, type = "application/json" }: Call): Promise<Values> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const options: RequestOptions = {
        method,
        timeout: answerWithinMs,
        headers: {
          accept: "application/json",
          ...(access.authorization === undefined ? {} : { authorization: access.authorization }),
          ...(payload === undefined
            ? {}
            : { "content-type": type, "content-length": Buffer.byteLength(payload) }),
        },
        ...(secure ? { agent } : {}),
      };
      const target = new URL(base.pathname.replace(/\/$/, "") + path, base);
      const request = (secure ? tlsRequest : plainRequest)(target, options);
      request.on("response", response => answer(response).then(resolve, reject));
      request.on("timeout", () => request.destroy(new Error(`no answer within ${answerWithinMs / 1000} s`)));
      request.on("error", (cause: Error) =>
        reject(new Unreachable(`${access.server}: ${reason(cause)}`, { cause })),
      );
      request.end(payload);
    });
  return { call, server: access.server };
}

async function answer(response: IncomingMessage): Promise<Values> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const { statusCode = 0 } = response;
  if (statusCode >= 400) {
    const said = saidOf(text) ?? { message: `HTTP ${statusCode}: ${text.slice(0, 200)}` };
    throw new ApiError(statusCode, said.message, said.reason);
  }
  return JSON.parse(text) as Values;
}

function saidOf(text: string): z.infer<typeof statusSchema> | undefined {
  try {
    return statusSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Node wraps several addresses' failures into one error without a text. */
function reason(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(inner => reason(inner as Error)).join(", ");
  return error.message;
}
