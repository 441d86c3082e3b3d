// Stands for Slack, and for who waits for calls: takes what is posted to /slack and to /ping, and gives it back at /messages.
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { dataDir, urls } from "../places";
import { openStore } from "./store";

const store = openStore(join(dataDir("receiver"), "messages.jsonl"));
type Answer = { readonly status: number; readonly body: string };

async function answer(request: IncomingMessage): Promise<Answer> {
  const { method = "GET", url = "/" } = request;
  const { pathname } = new URL(url, urls.receiver);
  if (method === "GET" && pathname === "/healthz") return { status: 200, body: "ok" };
  if (method === "GET" && pathname === "/messages") return { status: 200, body: JSON.stringify(store.all()) };
  if (method === "DELETE" && pathname === "/messages") {
    store.clear();
    return { status: 200, body: "ok" };
  }
  if (method === "POST" && /^\/slack(\/|$)/.test(pathname)) {
    const body = await text(request);
    try {
      store.add(pathname, body, new Date());
    } catch {
      return { status: 400, body: "invalid_payload" };
    }
    return { status: 200, body: "ok" };
  }
  if (method === "POST" && /^\/ping\//.test(pathname)) {
    store.add(pathname, JSON.stringify({ text: await text(request) }), new Date());
    return { status: 200, body: "OK" };
  }
  return {
    status: 404,
    body: "POST /slack, POST /ping/CHECK, GET /messages, DELETE /messages, GET /healthz\n",
  };
}

createServer((request, response) => {
  answer(request).then(
    ({ status, body }) => response.writeHead(status).end(body),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
}).listen(Number(new URL(urls.receiver).port), new URL(urls.receiver).hostname);
