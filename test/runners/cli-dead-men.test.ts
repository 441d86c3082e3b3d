import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checksApi, type KeptCheck } from "../../lab/servers/receiver/checks-api";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { holdfastIn } from "./support/holdfast";

const key = "hcw_not-a-real-key";
let folder: string;
let checks: KeptCheck[];
let server: Server;
let at: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dead-men-"));
  writeFileSync(join(folder, "estate.json"), JSON.stringify(exampleEstate()));
  writeFileSync(join(folder, "key"), `${key}\n`, { mode: 0o600 });
  checks = [];
  await serve();
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function serve(integrations?: string): Promise<void> {
  server = checksApi(key, checks, integrations).listen(0, "127.0.0.1");
  await once(server, "listening");
  at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(): Promise<void> {
  server.close();
  await once(server, "close");
}

const deadMen = (...words: string[]) =>
  holdfastIn(folder, ["dead-men", "--key-file", "key", "--at", at, ...words]);

test("each check is made once, with the estate's times, for all integrations, and says where its address belongs", async () => {
  const first = await deadMen();
  expect(first).toEqual({
    exitCode: 0,
    text: `example: alerts: made: each 5 min, grace 20 min
  its address, from its page there, belongs into the Secret of monitoring.deadMan.urlSecret
example: pve: made: each 5 min, grace 20 min
  its address, from its page there: pulumi config set --secret --path 'holdfast:secrets["pve-calls"]'
`,
  });
  expect(checks).toMatchObject([
    { name: "example: alerts", tags: "holdfast example", timeout: 300, grace: 1200 },
    { name: "example: pve", tags: "holdfast example", timeout: 300, grace: 1200 },
  ]);
  expect(checks.map(({ channels }) => channels)).not.toContain("");
  const made = JSON.stringify(checks);
  expect((await deadMen()).text).toContain(
    "example: pve: is as the estate says: each 5 min, grace 20 min\n  nobody has called it yet\n",
  );
  expect(JSON.stringify(checks)).toBe(made);
});

test("what somebody has changed there is told, and put right, and what they have added stays", async () => {
  await deadMen();
  for (const check of checks) check.status = "up";
  Object.assign(checks[1] ?? {}, { timeout: 86_400, grace: 60, channels: "", tags: "holdfast example mine" });
  const before = JSON.stringify(checks);
  const wrong =
    "waits 24 h for a call, declared 5 min; its grace is 1 min, declared 20 min; tells nobody, declared all of the project's integrations";
  expect(await deadMen("--dry-run")).toEqual({
    exitCode: 1,
    text: `example: alerts: is as the estate says: each 5 min, grace 20 min\nexample: pve: would be put right: ${wrong}\n`,
  });
  expect(JSON.stringify(checks)).toBe(before);
  expect(await deadMen()).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining(`example: pve: put right: ${wrong}`),
  });
  expect(checks[1]).toMatchObject({ timeout: 300, grace: 1200, tags: "holdfast example mine" });
  expect(await deadMen("--dry-run")).toMatchObject({ exitCode: 0 });
});

test("a check of a host that is gone, one that is paused and two of one name are told, and left", async () => {
  await deadMen();
  const [alerts, pve] = checks;
  if (!alerts || !pve) throw new Error("no checks");
  alerts.status = "paused";
  checks.push({ ...pve }, { ...pve, name: "example: old" }, { ...pve, name: "other", tags: "prod" });
  const before = JSON.stringify(checks);
  const { text, exitCode } = await deadMen();
  expect(text).toBe(`example: alerts: left as it is, is paused, and waits for nobody: resume it there
example: pve: left as it is, there are several of that name: remove all but the one that is called
example: old: is none of the estate's, and stays as it is. Remove it there, or whoever it tells is called for nothing
`);
  expect(exitCode).toBe(1);
  expect(JSON.stringify(checks)).toBe(before);
});

test("a paused check alone is told as one that nobody watches", async () => {
  await deadMen();
  for (const check of checks) check.status = "up";
  Object.assign(checks[1] ?? {}, { status: "paused", grace: 60 });
  expect(await deadMen()).toEqual({
    exitCode: 1,
    text: `example: alerts: is as the estate says: each 5 min, grace 20 min
example: pve: put right: its grace is 1 min, declared 20 min; left as it is, is paused, and waits for nobody: resume it there
`,
  });
});

test("a project without an integration tells nobody, whatever its checks are set to: that isn't put right", async () => {
  await stop();
  await serve("");
  const still = "left as it is, still tells nobody, declared all of the project's integrations";
  const first = await deadMen();
  expect(first.text).toContain(`example: pve: made: each 5 min, grace 20 min; ${still}\n`);
  expect(first.text).toContain("  the project there has no integration: add one, then the same again\n");
  expect(first.exitCode).toBe(1);
  expect(await deadMen()).toMatchObject({ exitCode: 1, text: expect.stringContaining(still) });
});

test("what comes next goes to the same receiver, which the key is of", async () => {
  const [answer] = server.listeners("request") as ((asked: IncomingMessage, reply: ServerResponse) => void)[];
  let posts = 0;
  server.removeAllListeners("request").on("request", (asked: IncomingMessage, reply: ServerResponse) => {
    if (asked.method === "POST" && (posts += 1) === 2) reply.writeHead(500).end("no room");
    else answer?.(asked, reply);
  });
  expect(await deadMen()).toEqual({
    exitCode: 3,
    text: `example: alerts: made: each 5 min, grace 20 min
  its address, from its page there, belongs into the Secret of monitoring.deadMan.urlSecret
example: pve: it isn't known whether it is as the estate says: it answers 500: no room.
What comes after it was not looked at. Next: holdfast dead-men --key-file key --at ${at} --estate ${join(folder, "estate.json")}
`,
  });
});

test("a wrong key, a receiver that isn't there, and one that sends elsewhere: nothing is changed, and no key is shown", async () => {
  writeFileSync(join(folder, "key"), "another-key\n");
  const refused = await deadMen();
  expect(refused).toEqual({
    exitCode: 3,
    text: 'The receiver wasn\'t asked, and nothing was changed: it answers 401: {"error":"wrong api key"}.\n',
  });
  const gone = await holdfastIn(folder, ["dead-men", "--key-file", "key", "--at", "http://127.0.0.1:1"]);
  expect(gone.exitCode).toBe(3);
  expect(gone.text).toMatch(
    /^The receiver wasn't asked, and nothing was changed: http:\/\/127\.0\.0\.1:1 isn't reached: /,
  );
  expect(`${refused.text}${gone.text}`).not.toContain("another-key");
});

test.each([
  [
    ["--at", "http://healthchecks.example"],
    '--at: "http://healthchecks.example" can\'t be used, expected an https URL',
  ],
  [["--at", "https://me:secret@healthchecks.example"], "without an account"],
  [["--key-file", "nothing"], '--key-file: "nothing" can\'t be read: '],
  [["--key-file", "estate.json"], '--key-file: "estate.json" holds no API key, expected one line'],
] as const)("%j is refused before anybody is asked", async (words, says) => {
  writeFileSync(join(folder, "estate.json"), JSON.stringify(exampleEstate(), undefined, 1));
  const { text, exitCode } = await deadMen(...words);
  expect(exitCode).toBe(2);
  expect(text).toContain(says);
});

test("an estate without dead men is told what it lacks", async () => {
  writeFileSync(
    join(folder, "estate.json"),
    JSON.stringify(exampleWith(({ monitoring }) => delete monitoring.deadMan)),
  );
  expect(await deadMen()).toMatchObject({
    exitCode: 2,
    text: expect.stringContaining("the estate has no monitoring.deadMan"),
  });
});

test("--json says what was done", async () => {
  const { text } = await deadMen("--json");
  expect(JSON.parse(text)).toMatchObject({
    dryRun: false,
    checks: [
      { check: "example: alerts", host: null, everyS: 300, graceS: 1200, did: "made" },
      { check: "example: pve", host: "pve", did: "made" },
    ],
    strays: [],
    failed: null,
  });
  writeFileSync(join(folder, "key"), "another-key\n");
  const refused = await deadMen("--json");
  expect(refused.exitCode).toBe(3);
  expect(JSON.parse(refused.text)).toEqual({
    ...{ dryRun: false, checks: null, strays: null },
    failed: 'it answers 401: {"error":"wrong api key"}',
  });
});
