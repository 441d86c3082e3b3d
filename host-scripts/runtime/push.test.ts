import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { push } from "./push";

const group = { job: "copy", instance: "pve" };
let folder: string;
let server: Server;
let url: string;
let asked: IncomingHttpHeaders[];

/** Takes from `holdfast` with the password `right`, as a Pushgateway with a web.config.file. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "push-"));
  asked = [];
  server = createServer(({ headers }, response) => {
    asked.push(headers);
    const wanted = `Basic ${Buffer.from("holdfast:right: ü").toString("base64")}`;
    response.writeHead(headers.authorization === wanted ? 200 : 401).end();
  });
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise(done => server.close(done));
  rmSync(folder, { recursive: true });
});

const gateway = (more: object = {}) => ({ url, timeoutMs: 30_000, attempts: 1, ...more });
const login = () => ({ user: "holdfast", credentialsDir: folder, password: "pushgateway" });

test("a password is read from its file at each push, so that a new one counts at once", async () => {
  writeFileSync(join(folder, "pushgateway"), "wrong\n");
  expect(await push(gateway({ login: login() }), group, "x 1\n")).toBe(
    `${url}: HTTP status 401: it asks for another user or password`,
  );
  writeFileSync(join(folder, "pushgateway"), "right: ü\n");
  expect(await push(gateway({ login: login() }), group, "x 1\n")).toBeUndefined();
});

test("a page for people is no Pushgateway's answer, whatever its status says", async () => {
  server.removeAllListeners("request").on("request", (_, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<h1>Log in</h1>");
  });
  expect(await push(gateway(), group, "x 1\n")).toMatch(/no Pushgateway, or a proxy/);
});

test("without a login nothing is told of who pushes", async () => {
  expect(await push(gateway(), group, "x 1\n")).toMatch(/HTTP status 401/);
  expect(asked.map(({ authorization }) => authorization)).toEqual([undefined]);
});

test("a password that can't be read sends nothing, and says which", async () => {
  expect(await push(gateway({ login: login() }), group, "x 1\n")).toMatch(/ENOENT.*pushgateway/);
  expect(asked).toEqual([]);
});

test("on a host without a deployment, a password that came with the job's other secrets is sent", async () => {
  const before = process.env["CREDENTIALS_DIRECTORY"];
  process.env["CREDENTIALS_DIRECTORY"] = folder;
  try {
    writeFileSync(join(folder, "pushgateway"), "right: ü");
    const missing = { ...login(), credentialsDir: join(folder, "etc") };
    expect(await push(gateway({ login: missing }), group, "x 1\n")).toBeUndefined();
    mkdirSync(join(folder, "etc"));
    writeFileSync(join(folder, "etc", "pushgateway"), "wrong");
    expect(await push(gateway({ login: missing }), group, "x 1\n")).toMatch(/HTTP status 401/);
  } finally {
    if (before === undefined) delete process.env["CREDENTIALS_DIRECTORY"];
    else process.env["CREDENTIALS_DIRECTORY"] = before;
  }
});
