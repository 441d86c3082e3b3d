import { request as plain } from "node:http";
import { Agent, request as secure } from "node:https";
import { execa } from "execa";
import { join } from "node:path";
import { z } from "zod";
import { projectRoot } from "../cache";
import { inNamespace, isInNamespace } from "../namespace";

const call = z.strictObject({
  url: z.url(),
  method: z.string().default("GET"),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(""),
  /** PEM text of the authority that signed the server's certificate; for https only. */
  ca: z.string().optional(),
  /** How long the whole exchange may take. */
  timeoutMs: z.int().positive().default(300_000),
});

const reply = z.strictObject({ status: z.int(), body: z.string() });

export type Call = Omit<z.input<typeof call>, "url">;
export type Reply = z.infer<typeof reply>;

/**
 * One HTTP exchange with a server in the lab's network. Any status is a reply; only a failed connection or the time-out
 * throws. From outside that network, a child process within does it: that takes a tenth of a second more.
 */
export async function exchange(url: string, options: Call = {}): Promise<Reply> {
  const full = call.parse({ ...options, url });
  return isInNamespace() ? direct(full) : byChild(full);
}

/** Does one exchange that comes as JSON, and gives its reply as JSON: the child's part of `exchange`. */
export async function exchangeAsJson(text: string): Promise<string> {
  return JSON.stringify(await direct(call.parse(JSON.parse(text))));
}

async function byChild(full: z.output<typeof call>): Promise<Reply> {
  const [program = "", ...args] = inNamespace(helper("exchange"));
  const child = await execa(program, args, { input: JSON.stringify(full), reject: false });
  if (child.failed) throw new Error(child.stderr.trim() || child.shortMessage);
  return reply.parse(JSON.parse(child.stdout));
}

/** The command that runs one action of `inside.ts`; it belongs inside the lab's network. */
export function helper(action: "exchange" | "house" | "start" | "status"): string[] {
  const file = (...names: string[]): string => join(projectRoot, ...names);
  return [process.execPath, file("cli", "run.mjs"), file("lab", "servers", "inside.ts"), action];
}

/** For questions to a known server: a poll each second would do little else than handshakes. */
const kept = new Agent({ keepAlive: true });

/** A connection each; a known server's TLS session is taken up again. */
const fresh = new Agent({ keepAlive: false });

async function direct(full: z.output<typeof call>): Promise<Reply> {
  // What changes something has a connection of its own: over a kept one that broke, nobody knows whether it was done.
  if (!full.ca || full.method !== "GET") return attempt(full, full.ca ? fresh : false);
  try {
    return await attempt(full, kept);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    return attempt(full, fresh);
  }
}

/** The server was started anew since the connection was last used. */
class StaleConnection extends Error {}

function attempt(
  { url, method, headers, body, ca, timeoutMs }: z.output<typeof call>,
  agent: Agent | false,
): Promise<Reply> {
  const start = url.startsWith("https:") ? secure : plain;
  return new Promise((done, fail) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const length = body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, signal, agent, ...(ca ? { ca } : {}) };
    const failed = (error: Error): void => {
      const text = signal.aborted ? `no answer within ${timeoutMs} ms` : error.message;
      const Kind = outgoing.reusedSocket && !signal.aborted ? StaleConnection : Error;
      fail(new Kind(`${method} ${url}: ${text}`, { cause: error }));
    };
    const outgoing = start(url, options, incoming => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("error", failed);
      incoming.on("end", () =>
        done({ status: incoming.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") }),
      );
    });
    outgoing.on("error", failed);
    outgoing.end(body);
  });
}
