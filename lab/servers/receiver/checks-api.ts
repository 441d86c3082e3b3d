// Stands for healthchecks' Management API, version 3: lists checks, makes one, and changes the one of the same name.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

const seconds = z.int().min(60).max(31_536_000);
/** What may be set; what else the API knows is refused, so that nothing is taken for set that isn't. */
const change = z.strictObject({
  name: z.string().max(100).optional(),
  tags: z.string().max(500).optional(),
  desc: z.string().optional(),
  timeout: seconds.optional(),
  grace: seconds.optional(),
  channels: z.string().optional(),
  unique: z.array(z.enum(["name"])).optional(),
});

export interface KeptCheck {
  name: string;
  tags: string;
  desc: string;
  timeout: number;
  grace: number;
  status: string;
  channels: string;
  n_pings: number;
  ping_url: string;
}

const anIntegration = "4ec5a071-2d08-4baa-898a-eb4eb3cd6941";

/** @param checks what there is, and what requests change @param integrations of the project, by id; empty where it has none */
export function checksApi(key: string, checks: KeptCheck[], integrations = anIntegration): Server {
  return createServer((request, response) => {
    answer(request, key, checks, integrations).then(
      ({ status, body }) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}

async function answer(
  request: IncomingMessage,
  key: string,
  checks: KeptCheck[],
  integrations: string,
): Promise<{ status: number; body: object }> {
  const sent = await text(request);
  if (request.headers["x-api-key"] !== key) return { status: 401, body: { error: "wrong api key" } };
  if (request.url !== "/api/v3/checks/") return { status: 404, body: { error: "not found" } };
  if (request.method === "GET") return { status: 200, body: { checks } };
  if (request.method !== "POST") return { status: 405, body: {} };
  const parsed = change.safeParse(JSON.parse(sent));
  if (!parsed.success)
    return { status: 400, body: { error: `json validation error: ${parsed.error.issues[0]?.message}` } };
  const { unique = [], channels, ...set } = parsed.data;
  const known = unique.length > 0 ? checks.find(({ name }) => name === set.name) : undefined;
  // Without the word for all of them, a new check has none.
  const told = channels === undefined ? {} : { channels: channels === "*" ? integrations : channels };
  if (known) {
    Object.assign(known, set, told);
    return { status: 200, body: known };
  }
  const made: KeptCheck = {
    ...{ name: "", tags: "", desc: "", timeout: 86_400, grace: 3600, status: "new", channels: "" },
    ...{ n_pings: 0, ping_url: `https://hc-ping.com/${randomUUID()}` },
  };
  checks.push(Object.assign(made, set, told));
  return { status: 201, body: made };
}
