import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../cli/main";

/* Calls are held to what the two APIs' references say of them, and answered as their examples are. */
interface Call {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly body: string | undefined;
}

let folder: string;
let server: Server;
let address: string;
let calls: Call[];
/** Whose the token is, as both forges say who wrote a comment. */
const [own, others] = [
  { user: { login: "github-actions[bot]", type: "Bot" }, author: { id: 99 } },
  { user: { login: "octocat", type: "User" }, author: { id: 5 } },
];
/** Comments of others come first, more than a page of them. */
let comments: { id: number; body: string | null; user: object; author: object }[];
let refusal: number | undefined;
const commit = "0123456789".repeat(4);
const { env } = process;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-comment-"));
  [calls, refusal] = [[], undefined];
  comments = Array.from({ length: 130 }, (_, at) => ({
    ...{
      id: at + 1,
      body: at === 0 ? null : `looks good <!-- holdfast --> ${at}`,
      ...others,
    },
  }));
  server = createServer((request, response) => {
    void answer(request).then(([status, value]) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value)),
    );
  }).listen(0, "127.0.0.1");
  await new Promise(resolve => server.once("listening", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(folder, "diff.md"), "**1 promise is broken**\n");
  writeFileSync(join(folder, "preview.txt"), "+ 3 to create\n```\n");
  writeFileSync(
    join(folder, "event.json"),
    JSON.stringify({ action: "opened", pull_request: { number: 7, head: { sha: commit } } }),
  );
});
afterEach(() => {
  process.env = env;
  server.close();
  rmSync(folder, { recursive: true });
});

async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  const { method, url = "", headers } = request;
  let sent = "";
  for await (const chunk of request.setEncoding("utf8")) sent += String(chunk);
  const body = sent === "" ? undefined : (JSON.parse(sent) as { body: string }).body;
  const token = headers.authorization ?? (headers["private-token"] as string | undefined);
  calls.push({ method, url, token, body });
  if (refusal !== undefined) return [refusal, { message: "Resource not accessible by integration" }];
  if (url === "/api/v4/user") return [200, { id: own.author.id }];
  const page = Number(/[?&]page=(\d+)/.exec(url)?.[1]);
  if (method === "GET") return [200, comments.slice((page - 1) * 100, page * 100)];
  const id = Number(/\/(?:comments|notes)\/(\d+)$/.exec(url)?.[1] ?? 1000);
  const there = comments.find(each => each.id === id);
  // https://docs.gitlab.com/user/permissions/: a note is changed by its author, or by a maintainer.
  if (there && there.author !== own.author && method === "PUT") return [403, { message: "403 Forbidden" }];
  comments = [...comments.filter(each => each !== there), { id, body: body ?? "", ...(there ?? own) }].map(
    each => (each.id === id ? { ...each, body: body ?? "" } : each),
  );
  return [method === "POST" ? 201 : 200, comments.at(-1)];
}

const github = (): object => ({
  ...{ GITHUB_ACTIONS: "true", GITHUB_API_URL: address, GITHUB_REPOSITORY: "me/house" },
  ...{ GITHUB_EVENT_PATH: join(folder, "event.json"), GITHUB_TOKEN: "ghs_secret" },
});
const gitlab = (): object => ({
  ...{
    GITLAB_CI: "true",
    CI_API_V4_URL: `${address}/api/v4`,
    CI_PROJECT_ID: "42",
    CI_MERGE_REQUEST_IID: "7",
    ...{ CI_COMMIT_SHA: "of the merge", CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: commit },
  },
  HOLDFAST_COMMENT_TOKEN: "glpat-secret",
});

async function comment(variables: object, ...words: string[]): Promise<{ exitCode: number; said: string }> {
  process.env = { PATH: env["PATH"], ...variables };
  const printed: string[] = [];
  const write = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
  const spies = [process.stdout, process.stderr].map(stream =>
    jest.spyOn(stream, "write").mockImplementation(write),
  );
  const evaluate = () => Promise.reject(new Error("no estate is asked for"));
  try {
    return { exitCode: await main(["comment", ...words], { evaluate, folder }), said: printed.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test.each([
  [
    "a pull request of GitHub",
    github,
    "/repos/me/house/issues/7/comments",
    ["PATCH", "/repos/me/house/issues/comments/1000"],
    "Bearer ghs_secret",
    "pull request 7 of me/house",
  ],
  [
    "a merge request of GitLab",
    gitlab,
    "/api/v4/projects/42/merge_requests/7/notes",
    ["PUT", "/api/v4/projects/42/merge_requests/7/notes/1000"],
    "glpat-secret",
    "merge request 7",
  ],
])("%s has one comment, which the next run renews", async (_, variables, path, change, token, called) => {
  expect(await comment(variables(), "diff.md", "preview.txt")).toEqual({
    ...{ exitCode: 0, said: `The comment on ${called} is written.\n` },
  });
  const lists = [1, 2].map(page => ({ method: "GET", url: `${path}?per_page=100&page=${page}`, token }));
  const asked = calls.filter(({ url }) => url !== "/api/v4/user");
  expect(asked).toMatchObject([...lists, { method: "POST", url: path, token }]);
  expect(asked[2]?.body).toBe(
    [
      "<!-- holdfast -->\n**1 promise is broken**\n\n",
      `Of commit ${commit}.\n\n`,
      "<details><summary>What pulumi up would do</summary>\n\n````\n+ 3 to create\n```\n````\n\n</details>\n",
    ].join(""),
  );
  calls = [];
  writeFileSync(join(folder, "diff.md"), "nothing changed\n");
  expect((await comment(variables(), "diff.md")).said).toBe(`The comment on ${called} is renewed.\n`);
  expect(calls.at(-1)).toEqual({
    ...{
      method: change[0],
      url: change[1],
      token,
      body: `<!-- holdfast -->\nnothing changed\n\nOf commit ${commit}.\n`,
    },
  });
  expect(comments).toHaveLength(131);
});

test.each([
  ["GitHub", github],
  ["GitLab", gitlab],
])("what somebody else has begun with its first line at %s is left to them", async (_, variables) => {
  const body = "<!-- holdfast -->\nNothing is worse that was promised.";
  comments = [{ id: 1, body, ...others }];
  expect((await comment(variables(), "diff.md")).said).toMatch(/ is written\.\n$/);
  // One that a browser has saved has another line break behind that line.
  comments = comments.map(each => ({ ...each, body: each.body?.replaceAll("\n", "\r\n") ?? "" }));
  expect((await comment(variables(), "diff.md")).said).toMatch(/ is renewed\.\n$/);
  expect(comments.map(({ id, body }) => [id, body])).toEqual([
    [1, body.replace("\n", "\r\n")],
    [1000, `<!-- holdfast -->\n**1 promise is broken**\n\nOf commit ${commit}.\n`],
  ]);
});

test.each(["", "x"])("a diff that is longer than a comment is cut between two characters", async first => {
  writeFileSync(join(folder, "diff.md"), `${first}${"\u{1F4BE}".repeat(40_000)}`);
  expect((await comment(github(), "diff.md")).exitCode).toBe(0);
  const body = calls.at(-1)?.body ?? "";
  expect(body).toMatch(/[^\n]\n\n… the run's artifacts have all of it\n\nOf commit \d+\.\n$/);
  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(Buffer.from(body).toString()).toBe(body);
});

test.each([65_354, 70_000])(
  "of a preview beside a diff of %s letters, it is said that it has no room",
  async length => {
    writeFileSync(join(folder, "diff.md"), "x".repeat(length));
    expect((await comment(github(), "diff.md", "preview.txt")).exitCode).toBe(0);
    const body = calls.at(-1)?.body ?? "";
    expect(body).toMatch(
      /x\n[^]*\n\nWhat pulumi up would do has no room here: the run's artifacts have it\.\n$/,
    );
    expect(body.length).toBeLessThanOrEqual(65_536);
  },
);

test("what is longer than a comment may be is cut in the preview, and says so", async () => {
  writeFileSync(join(folder, "preview.txt"), "x".repeat(100_000));
  expect((await comment(github(), "diff.md", "preview.txt")).exitCode).toBe(0);
  const body = calls.at(-1)?.body ?? "";
  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(body).toMatch(
    /^<!-- holdfast -->\n\*\*1 promise is broken\*\*\n\nOf commit \d+\.\n[^]*x\n\n… the run's artifacts have all of it\n```\n\n<\/details>\n$/,
  );
});

test("a token that may not write there is told, and ends with 3", async () => {
  refusal = 403;
  const { exitCode, said } = await comment(github(), "diff.md");
  expect([exitCode, said]).toEqual([
    3,
    'The comment on pull request 7 of me/house couldn\'t be written: it answers 403: {"message":"Resource not accessible by integration"}. Nothing else was changed.\n',
  ]);
});

test.each([
  ["outside of a pipeline", () => ({}), "this is no run of GitHub Actions or GitLab CI"],
  ["without a token", () => ({ ...github(), GITHUB_TOKEN: "" }), "GITHUB_TOKEN isn't set, in the step's env"],
  [
    "of a branch's pipeline",
    () => ({ ...gitlab(), CI_MERGE_REQUEST_IID: "" }),
    "CI_MERGE_REQUEST_IID isn't set, in a pipeline of a merge request",
  ],
  [
    "of a push",
    () => ({ ...github(), GITHUB_EVENT_PATH: join(folder, "diff.md") }),
    "what began this run is no pull request",
  ],
])("%s it ends with 2, and says what is missing", async (_, variables, says) => {
  const { exitCode, said } = await comment(variables(), "diff.md");
  expect([exitCode, said]).toEqual([2, expect.stringContaining(says)]);
  expect(calls).toEqual([]);
});
