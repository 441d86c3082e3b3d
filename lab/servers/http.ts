import { request as plain } from "node:http";
import { request as secure } from "node:https";

/** What a request may carry besides its address. */
export interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** PEM text of the authority that signed the server's certificate; for https only. */
  ca?: string;
  /** How long the whole exchange may take. */
  timeoutMs?: number;
}

export interface Reply {
  status: number;
  body: string;
}

/** One HTTP exchange. Any status is a reply; only a failed connection or the time-out throws. */
export function exchange(url: string, call: Call = {}): Promise<Reply> {
  const { method = "GET", headers = {}, body = "", ca, timeoutMs = 5_000 } = call;
  const start = url.startsWith("https:") ? secure : plain;
  return new Promise((done, fail) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const length = body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = {
      method,
      headers: { ...headers, ...length },
      signal,
      agent: false,
      ...(ca ? { ca } : {}),
    };
    const outgoing = start(url, options, incoming => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("error", fail);
      incoming.on("end", () =>
        done({ status: incoming.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
      );
    });
    outgoing.on("error", error =>
      fail(signal.aborted ? new Error(`${method} ${url}: no answer within ${timeoutMs} ms`) : error),
    );
    outgoing.end(body);
  });
}
