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

const pairs = z.array(z.strictObject({ key: z.string(), value: z.string() })).optional();

const email = z.strictObject({
  to: text,
  from: text,
  smarthost: text,
  authUsername: text,
  authPassword: selector.optional(),
  requireTLS: flag,
  headers: pairs,
  text,
  html: text,
  sendResolved: flag,
});

const telegram = z.strictObject({
  botToken: selector.optional(),
  chatID: z.int(),
  message: text,
  parseMode: text,
  sendResolved: flag,
});

const pagerduty = z.strictObject({
  routingKey: selector.optional(),
  description: text,
  severity: text,
  details: pairs,
  sendResolved: flag,
});

const known = z.strictObject({
  name: z.string(),
  slackConfigs: z.array(slack).default([]),
  webhookConfigs: z.array(webhook).default([]),
  emailConfigs: z.array(email).default([]),
  telegramConfigs: z.array(telegram).default([]),
  pagerdutyConfigs: z.array(pagerduty).default([]),
});

/**
 * A receiver in Alertmanager's own words. Any kind that the product has none of, or a field that has no translation here, is
 * refused rather than left out.
 * @throws z.ZodError naming the field
 */
export function receiverOf(receiver: Receiver, name: string, secret: ReadSecret): object {
  const { slackConfigs, webhookConfigs, emailConfigs, telegramConfigs, pagerdutyConfigs } =
    known.parse(receiver);
  const read = (field: string, from: z.infer<typeof selector> | undefined): object =>
    from ? { [field]: secret(from.name, from.key) } : {};
  return {
    name,
    slack_configs: slackConfigs.map(({ apiURL, ...rest }) => ({
      ...snakeCased(rest),
      ...read("api_url", apiURL),
    })),
    webhook_configs: webhookConfigs.map(({ urlSecret, ...rest }) => ({
      ...snakeCased(rest),
      ...read("url", urlSecret),
    })),
    email_configs: emailConfigs.map(({ authPassword, headers, ...rest }) => ({
      ...snakeCased(rest),
      ...read("auth_password", authPassword),
      headers: mapOf(headers),
    })),
    telegram_configs: telegramConfigs.map(({ botToken, ...rest }) => ({
      ...snakeCased(rest),
      ...read("bot_token", botToken),
    })),
    pagerduty_configs: pagerdutyConfigs.map(({ routingKey, details, ...rest }) => ({
      ...snakeCased(rest),
      ...read("routing_key", routingKey),
      details: mapOf(details),
    })),
  };
}

/** Pairs of an object's list, as Alertmanager's file has them. */
function mapOf(list: z.infer<typeof pairs> = []): Record<string, string> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value]));
}

/** "titleLink" becomes "title_link", "iconURL" becomes "icon_url". */
function snakeCased(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [
        key.replace(/URL|TLS|ID|[A-Z]/g, capital => `_${capital.toLowerCase()}`),
        value,
      ]),
  );
}
