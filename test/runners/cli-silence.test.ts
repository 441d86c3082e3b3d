import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { debianPackages } from "../../lab/debian";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { rulesOf } from "../../alerts/rules";
import { withDump } from "../program/dump-estate";
import { estateWith } from "../program/estate";
import { processed, startAlertmanager } from "./support/alertmanager-server";
import { certificates } from "./support/certificates";
import { holdfastIn } from "./support/holdfast";

/* The Alertmanager that the lab has, with nobody to tell: whom a silence keeps an alert from, its own API says. */
let folder: string;
let stop: () => Promise<unknown>;
let url: string;
const path = process.env["PATH"] ?? "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "silence-"));
  const nobody = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n";
  ({ url, stop } = await startAlertmanager(folder, nobody));
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => estate(plain()));
afterEach(async () => {
  process.env["PATH"] = path;
  await holdfastIn(folder, ["silence", "nfs-mirror", "--end"]);
});

function plain(): EstateInput {
  const of = estateWith();
  return { ...of, monitoring: { ...of.monitoring, alertmanager: url } };
}

function estate(input: EstateInput): void {
  writeFileSync(join(folder, "estate.json"), JSON.stringify(input));
}

const silence = (...words: string[]) => holdfastIn(folder, ["silence", ...words]);
const quiet = ["nfs-mirror", "--for", "2h", "--why", "its disk is exchanged"];

/** Whether Alertmanager keeps an alert with some labels from everybody. */
async function isSilenced(labels: Record<string, string>): Promise<boolean> {
  return (await processed(url, labels)).state === "suppressed";
}

test("a job's alerts are kept from everybody until it is ended, and no other's are", async () => {
  const plan = planOf(parseEstate(plain()));
  const [job] = plan.jobs;
  if (!job) throw new Error("no job");
  const alerts = rulesOf(job, plan).rules.map(rule => ({ alertname: rule.alert, ...rule.labels }));
  const made = await silence(...quiet);
  expect(made.text).toMatch(
    /^nfs-mirror is silenced until \S+Z: its disk is exchanged\nSooner: holdfast silence nfs-mirror --end --estate /,
  );
  expect(made.exitCode).toBe(0);
  for (const labels of alerts) expect([labels, await isSilenced(labels)]).toEqual([labels, true]);
  expect(await isSilenced({ ...alerts[0], alertname: "Another", holdfast_job: "another" })).toBe(false);
  const listed = await silence();
  expect(listed.text).toMatch(
    /^nfs-mirror: is silenced until \S+Z, by holdfast \(.*\): its disk is exchanged\n$/,
  );
  expect((await silence("nfs-mirror", "--end", "--dry-run")).text).toContain("would be ended");
  expect(await isSilenced(alerts[0] ?? {})).toBe(true);
  expect((await silence("nfs-mirror", "--end")).text).toContain("nfs-mirror: ended, was silenced until ");
  for (const labels of alerts) expect([labels, await isSilenced(labels)]).toEqual([labels, false]);
  expect((await silence()).text).toBe("No job of the estate is silenced.\n");
});

describe("this machine's clock", () => {
  const hourMs = 3_600_000;
  afterEach(() => jest.restoreAllMocks());
  /** @returns what a silence of two hours, made by a clock that is wrong, says and lasts */
  async function madeAt(offMs: number) {
    const realMs = Date.now();
    jest.spyOn(Date, "now").mockReturnValue(realMs + offMs);
    const { text, exitCode } = await silence(...quiet);
    jest.restoreAllMocks();
    const [made] = (JSON.parse((await silence("--json")).text) as { silences: Made[] }).silences;
    return {
      ...{ text, exitCode, state: made?.status.state },
      lastsMs: made && Date.parse(made.endsAt) - Date.parse(made.startsAt),
    };
  }
  interface Made {
    readonly startsAt: string;
    readonly endsAt: string;
    readonly status: { readonly state: string };
  }

  test.each([
    ["ahead", 26 * hourMs, "behind"],
    ["behind", -hourMs, "ahead of"],
  ])("is %s: the job is silenced at once, and for as long as was asked", async (_, offMs, which) => {
    const { text, exitCode, state, lastsMs } = await madeAt(offMs);
    expect(text).toMatch(
      new RegExp(
        `^nfs-mirror is silenced until \\S+Z, by Alertmanager's clock, which is [^:]+ ${which} this machine's: `,
      ),
    );
    expect([exitCode, state, lastsMs]).toEqual([0, "active", 2 * hourMs]);
  });

  test("is behind by more than it is to last: it is refused, and the clock is named", async () => {
    const { text, exitCode, state } = await madeAt(-3 * hourMs);
    expect(text).toMatch(
      /^nfs-mirror isn't silenced, and nothing was changed: [^]*\nThis machine's clock says \S+Z: is it behind\? timedatectl\n$/,
    );
    expect([exitCode, state]).toEqual([3, undefined]);
  });
});

test("a dry run says what it would do, and does nothing", async () => {
  const { exitCode, text } = await silence(...quiet, "--dry-run");
  expect(text).toMatch(
    /^nfs-mirror would be silenced until \S+Z: its disk is exchanged\nNothing was changed\./,
  );
  expect(exitCode).toBe(0);
  expect((await silence()).text).toBe("No job of the estate is silenced.\n");
});

test("somebody else's silence is listed, and stays when the job's own is ended", async () => {
  const matchers = [{ name: "alertname", value: "NfsMirrorStale", isRegex: false, isEqual: true }];
  const theirs = {
    matchers,
    createdBy: "somebody",
    comment: "known",
    startsAt: new Date(),
    endsAt: new Date(Date.now() + 3_600_000),
  };
  const reply = await fetch(`${url}/api/v2/silences`, {
    method: "POST",
    body: JSON.stringify(theirs),
    headers: { "content-type": "application/json" },
  });
  const { silenceID } = (await reply.json()) as { silenceID: string };
  const part =
    /nfs-mirror: (stays as it is, )?is silenced in part \(NfsMirrorStale\) until \S+Z, by somebody: known\n/;
  expect((await silence()).text).toMatch(part);
  expect((await silence("nfs-mirror", "--end")).text).toMatch(part);
  expect((await silence()).text).toMatch(part);
  await fetch(`${url}/api/v2/silence/${silenceID}`, { method: "DELETE" });
});

test.each([
  [
    ["nfs-miror", "--for", "2h", "--why", "x"],
    /"nfs-miror" is no job of the estate\. Did you mean nfs-mirror\?/,
  ],
  [["nfs-mirror", "--why", "x"], /--for: a silence has an end/],
  [["nfs-mirror", "--for", "2h"], /--why: whoever finds it silent has to know why/],
  [["nfs-mirror", "--for", "2h", "--why", "  "], /--why: whoever finds it silent has to know why/],
  [
    ["nfs-mirror", "--for", "25h", "--why", "x"],
    /--for: "25h" can't be used, expected between 1 min and 24 h \(monitoring\.longestSilence/,
  ],
  [["nfs-mirror", "--for", "0s", "--why", "x"], /--for: "0s" can't be used/],
  [["nfs-mirror", "--for", "soon", "--why", "x"], /--for: "soon" isn't a duration/],
  [["nfs-mirror", "--end", "--for", "2h"], /--end: ends what is silenced now/],
  [["--end"], /--end: of which job\?/],
])("%j is refused before anybody is asked", async (words, said) => {
  estate({ ...plain(), monitoring: { ...plain().monitoring, alertmanager: "http://127.0.0.1:1" } });
  const { exitCode, text } = await silence(...words);
  expect(text).toMatch(said);
  expect(exitCode).toBe(2);
});

test("an Alertmanager that isn't there, or is none, leaves all as it was and is told", async () => {
  for (const [alertmanager, cause] of [
    ["http://127.0.0.1:1", "http://127.0.0.1:1/api/v2 isn't reached: "],
    [`${url}/nowhere`, "it answers 404"],
  ] as const) {
    estate({ ...plain(), monitoring: { ...plain().monitoring, alertmanager } });
    const { exitCode, text } = await silence(...quiet);
    expect(text).toContain(`Alertmanager wasn't asked, and nothing was changed: ${cause}`);
    expect(exitCode).toBe(3);
    const forPrograms = await silence(...quiet, "--json");
    expect(JSON.parse(forPrograms.text)).toEqual({
      state: "unchanged",
      says: [expect.stringContaining(`nothing was changed: ${cause}`)],
    });
    expect(forPrograms.exitCode).toBe(3);
  }
});

/**
 * A cluster's API that passes on what the operator's service is sent, with the headers it came with, and Debian's own `kubectl` with a
 * kubeconfig that leads there.
 */
async function withCluster(prefix: string, use: (api: string) => Promise<void>): Promise<void> {
  await certificates(folder);
  const pem = (name: string): Buffer => readFileSync(join(folder, name));
  const api = createHttpsServer({ cert: pem("server.pem"), key: pem("server.key") }, (asked, answer) => {
    const below = asked.url?.startsWith(prefix) ? asked.url.slice(prefix.length) : undefined;
    if (below === undefined) {
      answer.writeHead(404).end();
      return;
    }
    const passed = request(
      `${url}${below}`,
      { method: asked.method, headers: { ...asked.headers, host: new URL(url).host } },
      reply => {
        answer.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(answer);
      },
    );
    asked.pipe(passed);
  });
  await new Promise<void>(resolve => api.listen(0, "127.0.0.1", resolve));
  const address = api.address();
  const at = `https://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const config = join(folder, "kubeconfig");
  const cluster = { server: at, "certificate-authority": join(folder, "ca.pem") };
  writeFileSync(
    config,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "one" },
      clusters: [{ name: "one", cluster }],
      users: [{ name: "one", user: { token: "none" } }],
      contexts: [{ name: "one", context: { cluster: "one", user: "one" } }],
    }),
  );
  const bin = join(await debianPackages("kubectl", ["kubernetes-client"]), "usr/bin");
  process.env["PATH"] = `${bin}${delimiter}${path}`;
  process.env["KUBECONFIG"] = config;
  try {
    await use(at);
  } finally {
    delete process.env["KUBECONFIG"];
    api.closeAllConnections();
    await new Promise(resolve => api.close(resolve));
  }
}

test("where the estate doesn't say where it is, kubectl leads to the operator's service, and to no other cluster's", async () => {
  const input = withDump();
  const prefix = `/api/v1/namespaces/${input.monitoring.namespace}/services/alertmanager-operated:9093/proxy`;
  const job = planOf(parseEstate(input)).jobs[0]?.called ?? "";
  await withCluster(prefix, async at => {
    const { k8s } = input.clusters ?? {};
    if (!k8s) throw new Error("no cluster");
    estate({ ...input, clusters: { k8s: { ...k8s, reachedAs: [at] } } });
    expect((await silence(job, "--for", "2h", "--why", "moved")).text).toContain(`${job} is silenced until `);
    expect((await silence()).text).toContain(`${job}: is silenced until `);
    expect((await silence(job, "--end")).text).toContain(`${job}: ended, was silenced until `);
    expect(readdirSync(tmpdir()).filter(name => name.startsWith("holdfast-kubectl-"))).toEqual([]);
    estate(input);
    const elsewhere = await silence(job, "--for", "2h", "--why", "moved");
    expect(elsewhere.text).toContain(`nothing was changed: kubectl's context leads to ${at}`);
    expect(elsewhere.exitCode).toBe(3);
  });
});

/** A server in front of Alertmanager, of which some answers are others' own. */
async function inFront(
  answerOf: (asked: IncomingMessage, answer: ServerResponse) => boolean,
  use: () => Promise<void>,
): Promise<void> {
  const front = createHttpServer((asked, answer) => {
    if (answerOf(asked, answer)) return;
    const passed = request(`${url}${asked.url}`, { method: asked.method, headers: asked.headers }, reply => {
      // Of what is lost, Alertmanager has heard.
      if (asked.method === "POST") answer.destroy();
      else {
        answer.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(answer);
      }
    });
    asked.pipe(passed);
  });
  await new Promise<void>(resolve => front.listen(0, "127.0.0.1", resolve));
  const address = front.address();
  const alertmanager = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  estate({ ...plain(), monitoring: { ...plain().monitoring, alertmanager } });
  try {
    await use();
  } finally {
    estate(plain());
    front.closeAllConnections();
    await new Promise(resolve => front.close(resolve));
  }
}

test("a silence whose answer is lost on its way is told as made; where nobody knows, that is told, and nothing of an unchanged Alertmanager", async () => {
  await inFront(
    () => false,
    async () => {
      const made = await silence(...quiet);
      expect(made).toMatchObject({
        exitCode: 0,
        text: expect.stringMatching(/^nfs-mirror is silenced until /),
      });
    },
  );
  expect((await silence("nfs-mirror", "--end")).text).toMatch(/^nfs-mirror: ended, was silenced /);
  let gets = 0;
  await inFront(
    (asked, answer) => {
      if (asked.method !== "GET" || ++gets === 1) return false;
      answer.writeHead(502).end("bad\ngateway\n");
      return true;
    },
    async () => {
      const { exitCode, text } = await silence(...quiet);
      expect(text).toMatch(
        /^nfs-mirror: it isn't known whether it is silenced now: .*\.\nNext: holdfast silence --estate /,
      );
      expect(exitCode).toBe(3);
      gets = 0;
      expect(JSON.parse((await silence(...quiet, "--json")).text)).toMatchObject({ state: "unknown" });
    },
  );
});

test("what strangers have written into a silence stays a part of its line, and an answer without an end takes no memory", async () => {
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const stranger = {
    ...{ startsAt: new Date().toISOString(), endsAt: until, createdBy: "me\nnfs-mirror: is well" },
    matchers: [{ name: "holdfast_job", value: "nfs-mirror", isRegex: false, isEqual: true }],
    comment: "one\r\n\ntwo\u001b[2J",
  };
  const reply = await fetch(`${url}/api/v2/silences`, {
    ...{ method: "POST", body: JSON.stringify(stranger) },
    headers: { "content-type": "application/json" },
  });
  const { silenceID } = (await reply.json()) as { silenceID: string };
  try {
    expect((await silence()).text.split("\n").filter(line => line !== "")).toEqual([
      expect.stringMatching(
        /^nfs-mirror: is silenced until \S+, by me nfs-mirror: is well: one two\\u001b\[2J$/,
      ),
    ]);
  } finally {
    await fetch(`${url}/api/v2/silence/${silenceID}`, { method: "DELETE" });
  }
  await inFront(
    (_, answer) => {
      const more = (): void => void answer.write(Buffer.alloc(1024 * 1024, " "), more);
      answer.writeHead(200).on("error", () => undefined);
      more();
      return true;
    },
    async () => {
      const { exitCode, text } = await silence();
      expect(text).toContain("its answer is longer than 16 MiB");
      expect(exitCode).toBe(3);
    },
  );
});
