import { z } from "zod";
import { exchange } from "../http";
import { urls } from "../places";
import type { Refusal } from "./round";

const state = z.object({ refusals: z.array(z.object({ object: z.string(), reason: z.string() })) });

/** Objects that the rule sync refuses now, and why. */
export async function refusals(): Promise<Refusal[]> {
  return state.parse(JSON.parse((await exchange(urls.ruleSync)).body)).refusals;
}
