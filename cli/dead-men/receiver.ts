import { z } from "zod";
import { errorText } from "../../plan/estate/plain";
import { jsonOf } from "../json";
import type { Answered } from "../answered";
import { replyOf } from "../reply";

/** A check as healthchecks' Management API (version 3) tells of it; times in seconds. */
const check = z.object({
  name: z.string(),
  tags: z.string(),
  /** Absent where a cron expression is waited for. */
  timeout: z.int().optional(),
  grace: z.int(),
  status: z.string(),
  /** Ids of whom it tells, with commas; empty where it tells nobody. Absent for a key that may only read. */
  channels: z.string().optional(),
});
export type ReceiversCheck = z.output<typeof check>;

/** What is set of a check; one of that name is changed in what is given, and made where there is none. */
export interface WantedCheck {
  readonly name: string;
  readonly timeout: number;
  readonly grace: number;
  readonly tags?: string;
  readonly desc?: string;
  readonly channels?: "*";
}

export interface Receiver {
  readonly address: string;
  readonly key: string;
}

const patienceMs = 30_000;

/** The checks of the project that the key is of. */
export async function checksOf(
  receiver: Receiver,
): Promise<Answered<{ readonly checks: readonly ReceiversCheck[] }>> {
  const got = await ask(receiver);
  if ("cause" in got) return got;
  const parsed = z.object({ checks: z.array(check) }).safeParse(jsonOf(got.text));
  return parsed.success ? parsed.data : { cause: "its answer is no list of checks" };
}

/** @returns the check as it is there now, which may be otherwise than it was asked to be */
export async function setCheck(
  receiver: Receiver,
  wanted: WantedCheck,
): Promise<Answered<{ readonly check: ReceiversCheck }>> {
  const got = await ask(receiver, JSON.stringify({ ...wanted, unique: ["name"] }));
  if ("cause" in got) return got;
  const parsed = check.safeParse(jsonOf(got.text));
  return parsed.success ? { check: parsed.data } : { cause: "its answer is no check" };
}

async function ask({ address, key }: Receiver, body?: string): Promise<Answered<{ readonly text: string }>> {
  try {
    const reply = await fetch(`${address}/api/v3/checks/`, {
      ...(body === undefined ? {} : { method: "POST", body }),
      headers: { "x-api-key": key, "content-type": "application/json" },
      signal: AbortSignal.timeout(patienceMs),
      // The key goes to nobody else.
      redirect: "error",
    });
    return await replyOf(reply.status, reply.body ?? []);
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    return { cause: `${address} isn't reached: ${errorText(cause ?? error)}` };
  }
}
