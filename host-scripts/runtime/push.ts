import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pushgateway } from "../../plan/contracts/runner";
import { credentialFile } from "./credentials";
import { messageOf } from "./errors";

/** Labels of a group of metrics on a Pushgateway. */
export interface Group {
  readonly job: string;
  readonly instance: string;
  /** Further series of a job that come and go as a whole. */
  readonly part?: string;
}

/**
 * Sends metrics to a group. A job's own by POST, so a metric that this text lacks stays as it was; those of a part by PUT:
 * a series that this text lacks is gone.
 * @returns undefined once the Pushgateway took them, or why it never did
 */
export async function push(
  gateway: Pushgateway,
  { job, instance, part }: Group,
  text: string,
  stop?: AbortSignal,
): Promise<string | undefined> {
  const whole = part === undefined ? "" : `/part${label(part)}`;
  const group = `metrics/job${label(job)}/instance${label(instance)}${whole}`;
  const method = part === undefined ? "POST" : "PUT";
  const url = new URL(group, gateway.url.endsWith("/") ? gateway.url : `${gateway.url}/`);
  let fault = "";
  for (let attempt = 1; attempt <= gateway.attempts; attempt += 1) {
    try {
      const type = await send(method, url, text, gateway.timeoutMs, stop, loginOf(gateway));
      // A Pushgateway that took them says nothing; a proxy's page to log in is a success to HTTP too.
      if (!type.startsWith("text/html")) return undefined;
      fault =
        "a page for people is what it answers with, so it is no Pushgateway, or a proxy that lets nobody through";
    } catch (error) {
      fault = messageOf(error);
    }
    if (stop?.aborted) break;
    if (attempt < gateway.attempts) await sleep(500);
  }
  return `${url.origin}: ${fault}`;
}

/**
 * Read where the deployment puts it, at each attempt: what systemd would load for the unit is as old as its start, and where it is
 * missing the job must run all the same. On a host without a deployment, a break-glass set has it among the job's secrets.
 */
function loginOf({ login }: Pushgateway): string | undefined {
  if (!login) return undefined;
  const deployed = join(login.credentialsDir, login.password);
  const given = credentialFile(login, login.password);
  const password = readFileSync(!existsSync(deployed) && existsSync(given) ? given : deployed, "utf8");
  return `${login.user}:${password.replace(/\n$/, "")}`;
}

/** A label's value with a slash can only be sent as base64; Pushgateway's README, "URL". */
function label(value: string): string {
  return value.includes("/") || value === ""
    ? `@base64/${Buffer.from(value).toString("base64url") || "="}`
    : `/${encodeURIComponent(value)}`;
}

/**
 * @param login user and password, with a colon between them (RFC 7617)
 * @returns the media type of what it answers with; empty where that is nothing
 * @throws {Error} that says why it wasn't taken, without the path of its address
 */
export function send(
  method: string,
  url: URL,
  text: string,
  timeoutMs: number,
  stop?: AbortSignal,
  login?: string,
): Promise<string> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const outgoing = request(url, {
      method,
      headers: { "content-type": "text/plain; version=0.0.4" },
      ...(login === undefined ? {} : { auth: login }),
    });
    const give = (reason: string) => (): void => void outgoing.destroy(new Error(reason));
    deadline.addEventListener("abort", give(`no answer within ${timeoutMs} ms`));
    stop?.addEventListener("abort", give("the run was stopped before there was an answer"));
    if (stop?.aborted) give("the run was stopped before it was sent")();
    outgoing.on("error", reject);
    outgoing.on("response", response => {
      response.resume();
      const status = response.statusCode ?? 0;
      response.on("end", () =>
        status < 300 ? resolve(response.headers["content-type"] ?? "") : reject(new Error(refusedBy(status))),
      );
      response.on("error", reject);
    });
    outgoing.end(text);
  });
}

function refusedBy(status: number): string {
  return `HTTP status ${status}${status === 401 ? ": it asks for another user or password" : ""}`;
}
