import { readFileSync } from "node:fs";
import { z } from "zod";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import { jsonOf } from "../json";
import type { Answered } from "../answered";
import { replyOf } from "../reply";

/** A pull or merge request, as the runner of its pipeline names it. */
export interface Request {
  /** For people: "pull request 7 of me/house". */
  readonly called: string;
  /** What this run is of: a later one may end before it has anything to say. */
  readonly commit: string;
  /** Where its comments are, and where one of them is. */
  readonly comments: string;
  readonly comment: (id: number) => string;
  /** Where it is told whose the token is, as GitLab does; GitHub tells that of no run's token, whose comments are a bot's. */
  readonly self: string | undefined;
  /** How one of them is changed. */
  readonly change: "PATCH" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** Characters that a comment may have. */
  readonly most: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const patienceMs = 30_000;
const perPage = 100;

/** The request in whose pipeline this runs. @throws {BadInput} where it runs in none, or may not write there */
export function requestOf(environment: Environment): Request {
  if (environment["GITHUB_ACTIONS"] === "true") return pullRequest(environment);
  if (environment["GITLAB_CI"] === "true") return mergeRequest(environment);
  throw new BadInput(
    "comment: this is no run of GitHub Actions or GitLab CI, whose variables say which request is meant. The workflows that holdfast init writes call it.",
  );
}

/** https://docs.github.com/en/rest/issues/comments */
function pullRequest(environment: Environment): Request {
  const [api, repository, event, token] = [
    ...["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH"].map(name => given(environment, name)),
    given(environment, "GITHUB_TOKEN", "in the step's env: GITHUB_TOKEN: ${{ github.token }}"),
  ] as [string, string, string, string];
  const { data } = z
    .object({ pull_request: z.object({ number: z.int(), head: z.object({ sha: z.string() }) }) })
    .safeParse(eventIn(event));
  if (!data)
    throw new BadInput(
      "comment: what began this run is no pull request. Next: if: github.event_name == 'pull_request'",
    );
  const { number, head } = data.pull_request;
  const issues = `${api}/repos/${repository}/issues`;
  return {
    called: `pull request ${number} of ${repository}`,
    // Not GITHUB_SHA, which is that of the merge of both branches.
    commit: head.sha,
    comments: `${issues}/${number}/comments`,
    comment: id => `${issues}/comments/${id}`,
    self: undefined,
    change: "PATCH",
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
    },
    most: 65_536,
  };
}

/** https://docs.gitlab.com/api/notes/#merge-requests */
function mergeRequest(environment: Environment): Request {
  const [api, project, merged, number, token] = [
    ...["CI_API_V4_URL", "CI_PROJECT_ID", "CI_COMMIT_SHA"].map(name => given(environment, name)),
    given(environment, "CI_MERGE_REQUEST_IID", "in a pipeline of a merge request"),
    given(
      environment,
      "HOLDFAST_COMMENT_TOKEN",
      "a project access token of role Reporter with scope api, as a masked variable",
    ),
  ] as [string, string, string, string, string];
  const comments = `${api}/projects/${project}/merge_requests/${number}/notes`;
  return {
    called: `merge request ${number}`,
    // Empty but in a pipeline of the merge of both branches.
    commit: environment["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] || merged,
    comments,
    comment: id => `${comments}/${id}`,
    self: `${api}/user`,
    change: "PUT",
    headers: { "private-token": token },
    most: 1_000_000,
  };
}

function given(environment: Environment, name: string, where = "which its runner sets"): string {
  const value = environment[name];
  if (value === undefined || value === "") throw new BadInput(`comment: ${name} isn't set, ${where}.`);
  return value;
}

function eventIn(file: string): unknown {
  try {
    return jsonOf(readFileSync(file, "utf8"));
  } catch (error) {
    throw new BadInput(`comment: GITHUB_EVENT_PATH: ${errorText(error)}.`);
  }
}

const commentSchema = z.object({
  id: z.int(),
  body: z.string().nullish(),
  /** Who wrote it: `user` at GitHub, and `author` at GitLab. */
  user: z.object({ type: z.string().optional() }).nullish(),
  author: z.object({ id: z.int() }).nullish(),
});
const selfSchema = z.object({ id: z.int() });

/**
 * The token's own comment that begins with a text; undefined where there is none. What somebody else has begun so is theirs: it can't be
 * changed at GitLab, and at GitHub its author could write into it again.
 */
export async function ownComment(
  request: Request,
  beginning: string,
): Promise<Answered<{ readonly id: number | undefined }>> {
  const self = await selfOf(request);
  if ("cause" in self) return self;
  for (let page = 1; ; page++) {
    const got = await ask(request, "GET", `${request.comments}?per_page=${perPage}&page=${page}`);
    if ("cause" in got) return got;
    const { data } = z.array(commentSchema).safeParse(jsonOf(got.text));
    if (!data) return { cause: "its answer is no list of comments" };
    const found = data.find(
      ({ body, user, author }) =>
        body?.startsWith(beginning) &&
        (self.id === undefined ? user?.type === "Bot" : author?.id === self.id),
    );
    if (found !== undefined || data.length < perPage) return { id: found?.id };
  }
}

async function selfOf(request: Request): Promise<Answered<{ readonly id: number | undefined }>> {
  if (request.self === undefined) return { id: undefined };
  const got = await ask(request, "GET", request.self);
  if ("cause" in got) return got;
  const { data } = selfSchema.safeParse(jsonOf(got.text));
  return data ?? { cause: "it doesn't say whose the token is" };
}

/** Writes a comment, or another text into one that is there. */
export function writeComment(
  request: Request,
  id: number | undefined,
  body: string,
): Promise<Answered<{ readonly text: string }>> {
  return id === undefined
    ? ask(request, "POST", request.comments, body)
    : ask(request, request.change, request.comment(id), body);
}

async function ask(
  { headers }: Request,
  method: string,
  url: string,
  body?: string,
): Promise<Answered<{ readonly text: string }>> {
  try {
    const reply = await fetch(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify({ body }) }),
      signal: AbortSignal.timeout(patienceMs),
      // The token goes to nobody else.
      redirect: "error",
    });
    return await replyOf(reply.status, reply.body ?? []);
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    return { cause: `${new URL(url).origin} isn't reached: ${errorText(cause ?? error)}` };
  }
}
