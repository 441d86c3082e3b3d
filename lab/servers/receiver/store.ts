import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

/** A message as an incoming webhook of Slack gets it from Alertmanager. */
const payload = z.looseObject({
  channel: z.string().optional(),
  username: z.string().optional(),
  text: z.string().optional(),
  attachments: z
    .array(
      z.looseObject({
        title: z.string().optional(),
        text: z.string().optional(),
        /** "danger" while something fires, "good" when all is resolved, unless the object says otherwise. */
        color: z.string().optional(),
      }),
    )
    .default([]),
});

export const receivedMessage = z.strictObject({
  /** ISO 8601, UTC. */
  receivedAt: z.iso.datetime(),
  /** Path that it was posted to: "/slack" or what lies below, or "/ping/CHECK". */
  path: z.string(),
  payload,
});

/** What the receiver keeps of one message. */
export type ReceivedMessage = z.infer<typeof receivedMessage>;

/** Messages in a file, one line each: a restart forgets none. */
export interface MessageStore {
  /** @throws when the body is no JSON object, as Slack would refuse it */
  add(path: string, body: string, at: Date): void;
  all(): ReceivedMessage[];
  clear(): void;
}

export function openStore(file: string): MessageStore {
  mkdirSync(dirname(file), { recursive: true });
  return {
    add(path, body, at) {
      const message: ReceivedMessage = {
        receivedAt: at.toISOString(),
        path,
        payload: payload.parse(JSON.parse(body)),
      };
      appendFileSync(file, `${JSON.stringify(message)}\n`);
    },
    all() {
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").split("\n");
      return lines.filter(line => line !== "").map(line => receivedMessage.parse(JSON.parse(line)));
    },
    clear() {
      writeFileSync(file, "");
    },
  };
}
