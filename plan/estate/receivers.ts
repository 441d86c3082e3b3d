import { z } from "zod";
import { line, name } from "./fields";

/** What a message is sent with, and nobody else may read: Alertmanager takes it from a Secret of the cluster. */
export const clusterSecret = z.strictObject({
  name: name.describe("Kubernetes Secret in the monitoring namespace"),
  key: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'expected a key of a Kubernetes Secret, e.g. "url"')
    .describe("Key of that Secret"),
});

const mailbox = z.email('expected one mail address, e.g. "backups@example.org"');
const common = {
  outOfSite: z.boolean().default(true).describe("Whether it still gets a message when the site is gone"),
  owner: line
    .optional()
    .describe("Who answers for what is told here, a person or a team; the receiver's own name unless given"),
};

/** Who hears of an alert, by the ways that Alertmanager itself has. */
export const receiver = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("slack").describe("A channel of Slack"),
    channel: z
      .string()
      .regex(/^#[a-z0-9_-]+$/, 'expected a Slack channel, e.g. "#infra-alerts"')
      .describe("Channel that gets the message"),
    webhookSecret: clusterSecret.describe("Address of Slack's incoming webhook"),
    ...common,
  }),
  z
    .strictObject({
      kind: z.literal("email").describe("A mailbox"),
      to: mailbox.describe("Who gets the mail"),
      from: mailbox.describe("Whom it is from"),
      smarthost: z
        .string()
        .regex(
          /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$/,
          'expected the mail server with its port, e.g. "smtp.example.org:587"',
        )
        .refine(
          text => !(Number(text.slice(text.lastIndexOf(":") + 1)) > 65_535),
          'is reached by nobody: no port has a number above 65535. Expected the mail server with its port, e.g. "smtp.example.org:587"',
        )
        .refine(
          text => !/:(110|143|993|995)$/.test(text),
          'has a port at which mail is read (POP3, IMAP), and none at which a server takes it. Expected 587, 465 or 25, e.g. "smtp.example.org:587"',
        )
        .describe("Mail server that takes it, with its port"),
      user: line.optional().describe("Left out, the server asks nobody who sends"),
      passwordSecret: clusterSecret.optional().describe("The user's password"),
      ...common,
    })
    .refine(({ user, passwordSecret }) => (user === undefined) === (passwordSecret === undefined), {
      path: ["passwordSecret"],
      message:
        "is half of what the mail server asks for. Expected user and passwordSecret, or neither where it asks nobody",
    }),
  z.strictObject({
    kind: z.literal("webhook").describe("An address that takes what Alertmanager posts"),
    urlSecret: clusterSecret.describe(
      'Address that gets Alertmanager\'s own JSON; ntfy reads it where the address ends with "?template=alertmanager"',
    ),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("telegram").describe("A chat of Telegram"),
    chat: z
      .int()
      .refine(id => id !== 0, "expected the chat's number, negative for a group, e.g. -1001234567890")
      .describe("Number of the chat"),
    botTokenSecret: clusterSecret.describe("Token of the bot that writes there"),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("pagerduty").describe("A service of PagerDuty"),
    routingKeySecret: clusterSecret.describe("Integration key of a service, Events API v2"),
    ...common,
  }),
]);
export type Receiver = z.output<typeof receiver>;
