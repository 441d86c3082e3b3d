import { request } from "node:http";
import { connect, type TLSSocket } from "node:tls";
import { z } from "zod";
import { errnoOf, messageOf } from "../runtime/errors";

export interface CommandPrompt {
  /** E.g. "https://pfsense.example". */
  readonly url: string;
  /** "CLIENT-ID CLIENT-TOKEN" for version 1 of the API, or one word, a key of version 2. */
  readonly key: string;
  /** SHA-256 of the only certificate that is believed, as hexadecimal with or without colons. */
  readonly certificateSha256: string | undefined;
  /** Without a byte for that long, the firewall is given up. */
  readonly stallMs: number;
  /** The whole exchange takes no longer. */
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
}

/** The firewall didn't answer, or not as its API does. Its message holds no secret and nothing of the answer's body. */
export class PromptFailed extends Error {}

const mostBytes = 64 * 1024 * 1024;

/**
 * Runs a shell command on a pfSense by the REST API package's command prompt, and gives its output. The key is sent only
 * once the certificate is the pinned one.
 *
 * The package has no download of config.xml: its `system/config` gives JSON, from which the XML can't be had back
 * (CDATA, order, white space: pfrest/pfSense-pkg-RESTAPI issue 190). The prompt is `POST /api/v1/diagnostics/command_prompt`
 * with `{"shell_cmd"}` and `Authorization: CLIENT-ID CLIENT-TOKEN`, answered by `{"data": {"cmd_output"}}`; in version 2
 * `POST /api/v2/diagnostics/command_prompt` with `{"command"}` and `X-API-Key`, answered by `{"data": {"output", "result_code"}}`.
 * Both mix stderr into the output, and PHP's exec() cuts the white space at the end of each line: what has to come back byte by
 * byte has to be encoded.
 * @see https://github.com/jaredhendrickson13/pfsense-api, APIDiagnosticsCommandPromptCreate.inc of v1, Command.inc of v2
 * @throws {PromptFailed}
 */
export async function promptCommand(prompt: CommandPrompt, command: string): Promise<string> {
  if (!/^[\x21-\x7e]+(?: [\x21-\x7e]+)?$/.test(prompt.key))
    throw new PromptFailed("its key is neither one word nor two with a space between");
  const isFirst = prompt.key.includes(" ");
  const version = isFirst ? "v1" : "v2";
  const url = new URL(`api/${version}/diagnostics/command_prompt`, `${prompt.url.replace(/\/+$/, "")}/`);
  const body = JSON.stringify(isFirst ? { shell_cmd: command } : { command });
  const headers = isFirst ? { authorization: prompt.key } : { "x-api-key": prompt.key };
  const deadline = new AbortController();
  const end = (why: string) => (): void => deadline.abort(new PromptFailed(why));
  const timer = setTimeout(end(`no end of the answer within ${prompt.timeoutMs / 1000} s`), prompt.timeoutMs);
  const onStop = end("the run was stopped");
  prompt.stop.addEventListener("abort", onStop);
  if (prompt.stop.aborted) onStop();
  try {
    const socket = await open(url, prompt, deadline.signal);
    const { status, type, text } = await exchange(
      url,
      socket,
      { ...headers },
      body,
      prompt.stallMs,
      deadline.signal,
    );
    return outputOf(status, type, text, version);
  } finally {
    clearTimeout(timer);
    prompt.stop.removeEventListener("abort", onStop);
  }
}

/** A connection whose other end is proven. */
function open(
  url: URL,
  { certificateSha256, stallMs }: CommandPrompt,
  deadline: AbortSignal,
): Promise<TLSSocket> {
  if (url.protocol !== "https:")
    return Promise.reject(
      new PromptFailed(`the API's address begins with "${url.protocol}", expected "https:"`),
    );
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = connect({
      ...{ host, port: Number(url.port || 443) },
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      // A pinned certificate is mostly the firewall's own, which no authority has signed: its hash is the proof.
      rejectUnauthorized: certificateSha256 === undefined,
    });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new PromptFailed(why));
    };
    socket.setTimeout(stallMs, () => fail(`no connection within ${stallMs / 1000} s`));
    deadline.addEventListener("abort", () => fail(messageOf(deadline.reason)), { once: true });
    if (deadline.aborted) fail(messageOf(deadline.reason));
    socket.once("error", error => fail(errnoOf(error) ?? messageOf(error)));
    socket.once("secureConnect", () => {
      const shown = socket.getPeerCertificate().fingerprint256;
      if (certificateSha256 !== undefined && plain(shown ?? "") !== plain(certificateSha256))
        return fail(
          `its certificate has the SHA-256 ${shown}, pinned is ${certificateSha256}; the key was not sent`,
        );
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      resolve(socket);
    });
  });
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function exchange(
  url: URL,
  socket: TLSSocket,
  headers: Readonly<Record<string, string>>,
  body: string,
  stallMs: number,
  deadline: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      outgoing.destroy();
      reject(new PromptFailed(why));
    };
    const outgoing = request(url.href.replace(/^https:/, "http:"), {
      method: "POST",
      createConnection: () => socket,
      headers: {
        ...{ "content-type": "application/json", accept: "application/json", ...headers, host: url.host },
        "content-length": Buffer.byteLength(body),
        connection: "close",
      },
    });
    socket.setTimeout(stallMs, () => fail(`no byte of an answer within ${stallMs / 1000} s`));
    deadline.addEventListener("abort", () => fail(messageOf(deadline.reason)), { once: true });
    if (deadline.aborted) fail(messageOf(deadline.reason));
    outgoing.once("error", error => fail(errnoOf(error) ?? messageOf(error)));
    outgoing.once("response", response => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostBytes) fail(`the answer has more than ${mostBytes} bytes`);
        else chunks.push(chunk);
      });
      response.once("error", error => fail(errnoOf(error) ?? messageOf(error)));
      response.once("aborted", () => fail("the answer was cut off"));
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "no content type",
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.end(body);
  });
}

const answers = {
  v1: z
    .object({ data: z.object({ cmd_output: z.string() }) })
    .transform(({ data }) => ({ output: data.cmd_output, code: 0 })),
  v2: z
    .object({ data: z.object({ output: z.string(), result_code: z.int().optional() }) })
    .transform(({ data }) => ({ output: data.output, code: data.result_code ?? 0 })),
};

function outputOf(status: number, type: string, text: string, version: "v1" | "v2"): string {
  if (status === 401 || status === 403)
    throw new PromptFailed(
      `HTTP status ${status}: it refuses the key, or the key's user may not use its command prompt`,
    );
  if (status === 404)
    throw new PromptFailed(`HTTP status 404: it has no version ${version.slice(1)} of the REST API package`);
  if (status !== 200) throw new PromptFailed(`HTTP status ${status}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PromptFailed(`its answer is no JSON but ${type}, ${text.length} characters`);
  }
  const answer = answers[version].safeParse(value);
  if (!answer.success) throw new PromptFailed("its answer has no output of a command");
  if (answer.data.code !== 0) throw new PromptFailed(`the command ended with ${answer.data.code} there`);
  return answer.data.output;
}
