import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { exchangeAsJson } from "./http";

const folder = mkdtempSync(join(tmpdir(), "holdfast-http-"));
let server: Server;
let connections = 0;
/** Whether the server ends a connection at its second request, as one that was started anew. */
let ends = false;

beforeAll(async () => {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execaSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"],
    ...["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
  ]);
  const used = new WeakSet<object>();
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    if (ends && used.has(request.socket)) return void request.socket.destroy();
    used.add(request.socket);
    response.end("here");
  });
  server.on("secureConnection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

async function ask(method: "GET" | "PUT"): Promise<unknown> {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ca = readFileSync(join(folder, "cert.pem"), "utf8");
  return JSON.parse(await exchangeAsJson(JSON.stringify({ url, method, ca })));
}

const answer = { status: 200, body: "here" };

test("questions share a connection, and are asked again over a new one when the server has ended it", async () => {
  for (let times = 0; times < 3; times += 1) expect(await ask("GET")).toEqual(answer);
  expect(connections).toBe(1);
  ends = true;
  expect(await ask("GET")).toEqual(answer);
  expect(connections).toBe(2);
});

test("a change has a connection of its own", async () => {
  const before = connections;
  for (let times = 0; times < 2; times += 1) expect(await ask("PUT")).toEqual(answer);
  expect(connections).toBe(before + 2);
});
