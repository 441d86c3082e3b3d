import { type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { z } from "zod";
import type { Faults } from "./faults";

export interface ApiOptions {
  readonly address: string;
  readonly port: number;
  readonly key: string;
  readonly certificate: string;
  /** "CLIENT-ID CLIENT-TOKEN" of version 1, and the one word of version 2. */
  readonly keys: { readonly v1: string; readonly v2: string };
  fault(): Faults["api"];
  /** Command line that runs a shell command on the firewall. */
  shell(command: string): readonly [string, string[]];
}

const v1 = z.object({ shell_cmd: z.string().min(1) });
const v2 = z.object({ command: z.string().min(1) });

/**
 * The part of pfSense's REST API package that a backup needs, as its two versions have it: a command prompt. Both run the
 * command with stderr in its output, and cut the white space at the end of each line, as PHP's exec() does.
 * @see https://github.com/jaredhendrickson13/pfsense-api, APIDiagnosticsCommandPromptCreate.inc and core/Command.inc
 */
export async function startApi(options: ApiOptions): Promise<Server> {
  const server = createServer({ key: options.key, cert: options.certificate }, (request, response) => {
    void answer(request, response, options).catch(() => response.destroy());
  });
  server.listen(options.port, options.address);
  await once(server, "listening");
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiOptions,
): Promise<void> {
  const body = await bodyOf(request);
  const fault = options.fault();
  if (fault === "stall") return;
  if (fault === "html" || !request.url?.startsWith("/api/"))
    return void response.writeHead(200, { "content-type": "text/html" }).end(loginPage);
  const reply = (status: number, value: unknown): void =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const version = /^\/api\/(v[12])\/diagnostics\/command_prompt$/.exec(request.url)?.[1];
  if (version === undefined || request.method !== "POST")
    return reply(404, { status: "not found", code: 404, return: 10, message: "no such endpoint", data: [] });
  const given = version === "v1" ? request.headers.authorization : request.headers["x-api-key"];
  if (given !== options.keys[version as "v1" | "v2"])
    return reply(401, {
      status: "unauthorized",
      code: 401,
      return: 3,
      message: "Authentication failed",
      data: [],
    });
  const asked = version === "v1" ? v1.safeParse(body) : v2.safeParse(body);
  if (!asked.success)
    return reply(400, {
      status: "bad request",
      code: 400,
      return: 7000,
      message: "Shell command required",
      data: [],
    });
  const command = "command" in asked.data ? asked.data.command : asked.data.shell_cmd;
  const { output, code } = await execute(command, fault, options);
  const text = JSON.stringify({
    ...{ status: "ok", code: 200, message: "Success" },
    ...(version === "v1"
      ? { return: 0, data: { cmd_output: output } }
      : { response_id: "SUCCESS", data: { command, output, result_code: code } }),
  });
  response.writeHead(200, { "content-type": "application/json" });
  if (fault === "drip")
    for (const char of text) {
      response.write(char);
      await sleep(200);
      if (response.destroyed) return;
    }
  response.end(text);
}

async function execute(
  command: string,
  fault: Faults["api"],
  { shell }: ApiOptions,
): Promise<{ output: string; code: number }> {
  if (fault === "shell-error") return { output: "sh: openssl: not found", code: 127 };
  const from = fault === "no-config" ? "/dev/null" : "/cf/conf/config.xml";
  const [program, args] = shell(`( ${command.replaceAll("/cf/conf/config.xml", from)} ) 2>&1`);
  const { stdout, exitCode } = await execa(program, args, { reject: false });
  const lines = stdout.split("\n").map(line => line.trimEnd());
  const shown = fault === "truncated-xml" ? lines.slice(0, Math.ceil(lines.length / 2)) : lines;
  return { output: shown.join("\n"), code: exitCode ?? -1 };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const loginPage =
  '<!DOCTYPE html><html lang="en"><head><title>pfSense - Login</title></head><body><form method="post"></form></body></html>';
