import { z } from "zod";
import type { Receiver } from "./objects";

/** Reads a key of a Secret in the namespace of the object at hand. Throws when it isn't there. */
export type ReadSecret = (name: string, key: string) => string;

const selector = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() });
const text = z.string().optional();
const flag = z.boolean().optional();

const slack = z.strictObject({
  apiURL: selector.optional(),
  sendResolved: flag,
  channel: text,
  username: text,
  color: text,
  title: text,
  titleLink: text,
  pretext: text,
  text,
  fields: z.array(z.strictObject({ title: z.string(), value: z.string(), short: flag })).optional(),
  shortFields: flag,
  footer: text,
  fallback: text,
  callbackId: text,
  iconEmoji: text,
  iconURL: text,
  imageURL: text,
  thumbURL: text,
  linkNames: flag,
  mrkdwnIn: z.array(z.string()).optional(),
});

const webhook = z.strictObject({
  url: text,
  urlSecret: selector.optional(),
  sendResolved: flag,
  maxAlerts: z.int().optional(),
});

const known = z.strictObject({
  name: z.string(),
  slackConfigs: z.array(slack).optional(),
  webhookConfigs: z.array(webhook).optional(),
});

/**
 * A receiver in Alertmanager's own words. Slack and webhooks are what the lab can receive: any other kind, or a field that has
 * no translation here, is refused rather than left out.
 * @throws z.ZodError naming the field
 */
export function receiverOf(receiver: Receiver, name: string, secret: ReadSecret): object {
  const { slackConfigs = [], webhookConfigs = [] } = known.parse(receiver);
  return {
    name,
    slack_configs: slackConfigs.map(({ apiURL, ...rest }) => ({
      ...snakeCased(rest),
      ...(apiURL ? { api_url: secret(apiURL.name, apiURL.key) } : {}),
    })),
    webhook_configs: webhookConfigs.map(({ urlSecret, ...rest }) => ({
      ...snakeCased(rest),
      ...(urlSecret ? { url: secret(urlSecret.name, urlSecret.key) } : {}),
    })),
  };
}

/** "titleLink" becomes "title_link", "iconURL" becomes "icon_url". */
function snakeCased(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key.replace(/URL|[A-Z]/g, capital => `_${capital.toLowerCase()}`), value]),
  );
}
