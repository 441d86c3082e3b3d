import { setTimeout as sleep } from "node:timers/promises";
import type { DeadManConfig } from "../../plan/contracts/dead-man";
import { readCredential } from "../runtime/credentials";
import { exitCodes, messageOf, Refusal, RunnerError } from "../runtime/errors";
import { send } from "../runtime/push";
import { shell } from "../runtime/shell";

const pauseMs = 3_000;

/**
 * Calls the receiver, in the words of healthchecks and its like: the address alone is a success, and "/start" and "/fail" follow it.
 * @param text what people read there, beside the call
 * @throws {RunnerError} without the address, which is a secret
 */
export async function call(
  config: DeadManConfig,
  what: "start" | "success" | "fail",
  text: string,
): Promise<void> {
  const url = addressOf(config);
  if (what !== "success") url.pathname = `${url.pathname.replace(/\/$/, "")}/${what}`;
  let fault = "";
  for (let attempt = 1; attempt <= config.attempts; attempt += 1) {
    // What is over in a moment, such as a name that isn't resolved yet after a boot, would meet all attempts.
    if (attempt > 1) await sleep(pauseMs);
    try {
      await send("POST", url, text, config.timeoutMs);
      return;
    } catch (error) {
      fault = messageOf(error);
    }
  }
  throw new RunnerError(exitCodes.failed, {
    failed: `${what} wasn't told after ${config.attempts} attempts: ${fault}`,
    kept: "The jobs of this host go on; whoever waits for this call takes it for dead.",
    next: shell`systemctl start ${config.job}`,
  });
}

function addressOf(config: DeadManConfig): URL {
  const text = readCredential(config, config.address).trim();
  if (/^https?:/.test(text) && URL.canParse(text)) return new URL(text);
  throw new Refusal(
    `the credential "${config.address}" is no http(s) address`,
    shell`pulumi up with the address that the receiver shows as the secret ${config.address}`,
  );
}
