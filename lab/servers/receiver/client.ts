import { z } from "zod";
import { exchange } from "../http";
import { urls } from "../places";
import { type ReceivedMessage, receivedMessage } from "./store";

export type { ReceivedMessage } from "./store";

/** All messages that the receiver has kept, oldest first. */
export async function receivedMessages(): Promise<ReceivedMessage[]> {
  return z.array(receivedMessage).parse(JSON.parse(await ask("GET")));
}

/** Makes the receiver forget what it got. */
export async function clearMessages(): Promise<void> {
  await ask("DELETE");
}

async function ask(method: string): Promise<string> {
  const { status, body } = await exchange(`${urls.receiver}/messages`, { method });
  if (status !== 200) throw new Error(`${method} ${urls.receiver}/messages answered ${status}: ${body}`);
  return body;
}
