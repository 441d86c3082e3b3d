import { errorText } from "../plan/estate/plain";
import type { Answered } from "./answered";
import { replyOf } from "./reply";

/** Paths are below the API's own one, e.g. "silences". */
export type Request =
  | { readonly method: "GET" | "DELETE"; readonly path: string }
  | { readonly method: "POST"; readonly path: string; readonly body: string };

const patienceMs = 30_000;

/** Asks a server of the estate's monitoring where the estate says that it answers. @param api with the path that those of requests are below */
export async function directly(api: string, request: Request): Promise<Answered<{ readonly text: string }>> {
  try {
    const { status, body } = await fetch(`${api}/${request.path}`, {
      method: request.method,
      ...("body" in request ? { body: request.body, headers: { "content-type": "application/json" } } : {}),
      signal: AbortSignal.timeout(patienceMs),
      redirect: "error",
    });
    return await replyOf(status, body ?? []);
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    return { cause: `${api} isn't reached: ${errorText(cause ?? error)}` };
  }
}
