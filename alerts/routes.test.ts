import { parseEstate } from "../plan/estate/parse";
import { exampleEstate } from "../plan/estate/example";
import { routesOf } from "./routes";

const secret = { name: "receivers", key: "word" };
const ofKind = (receiver: object): object =>
  routesOf(parseEstate({ ...exampleEstate(), receivers: { infra: receiver } })).receivers[0] ?? {};
const told = expect.stringContaining("{{ .Annotations.runbook_url }}") as string;
const title = "{{ .CommonLabels.alertname }} ({{ .Status }})";

test.each([
  [
    { kind: "slack", channel: "#infra-alerts", webhookSecret: secret },
    { slackConfigs: [{ apiURL: secret, channel: "#infra-alerts", sendResolved: true, title, text: told }] },
  ],
  [
    {
      ...{ kind: "email", to: "me@house.example", from: "alerts@house.example" },
      ...{ smarthost: "mail.house.example:587", user: "alerts", passwordSecret: secret },
    },
    {
      emailConfigs: [
        {
          ...{ to: "me@house.example", from: "alerts@house.example", smarthost: "mail.house.example:587" },
          ...{ authUsername: "alerts", authPassword: secret, requireTLS: true, sendResolved: true },
          ...{ headers: [{ key: "Subject", value: title }], text: told, html: "" },
        },
      ],
    },
  ],
  [{ kind: "webhook", urlSecret: secret }, { webhookConfigs: [{ urlSecret: secret, sendResolved: true }] }],
  [
    { kind: "telegram", chat: -1001234567890, botTokenSecret: secret },
    {
      telegramConfigs: [
        { botToken: secret, chatID: -1001234567890, sendResolved: true, parseMode: "HTML", message: told },
      ],
    },
  ],
  [
    { kind: "pagerduty", routingKeySecret: secret },
    {
      pagerdutyConfigs: [
        {
          ...{ routingKey: secret, sendResolved: true, description: title },
          ...{
            severity: "{{ or .CommonLabels.severity `critical` }}",
            details: [{ key: "alerts", value: told }],
          },
        },
      ],
    },
  ],
])("a receiver is reached by its own way, whose secret stays a name: %j", (receiver, configs) =>
  expect(ofKind(receiver)).toEqual({ name: "infra", ...configs }),
);

test("a mail server that asks nobody gets no half of a login", () => {
  const mail = { kind: "email", to: "me@house.example", from: "a@house.example", smarthost: "mail:25" };
  expect(ofKind(mail)).toMatchObject({
    emailConfigs: [expect.not.objectContaining({ authUsername: "alerts" })],
  });
  // There it is TLS from its first byte, and STARTTLS is offered nowhere.
  expect(ofKind({ ...mail, smarthost: "mail:465" })).toMatchObject({ emailConfigs: [{ requireTLS: false }] });
  expect(() => ofKind({ ...mail, user: "alerts" })).toThrow(
    /receivers\.infra\.passwordSecret.*is half of what the mail server asks for/s,
  );
  expect(() => ofKind({ ...mail, smarthost: "mail:99999" })).toThrow(
    /receivers\.infra\.smarthost.*"mail:99999".*no port has a number above 65535/s,
  );
});

test("a unit or a CronJob that failed isn't told beside the run that left it so", () =>
  expect(routesOf(parseEstate(exampleEstate())).inhibitRules).toEqual([
    {
      sourceMatch: [{ name: "alertname", value: ".+Failing", matchType: "=~" }],
      targetMatch: [{ name: "alertname", value: "JobUnitFailed", matchType: "=" }],
      equal: ["holdfast_job", "instance"],
    },
    {
      sourceMatch: [{ name: "alertname", value: ".+Failing", matchType: "=~" }],
      targetMatch: [{ name: "alertname", value: "CronJobRunFailed", matchType: "=" }],
      equal: ["holdfast_job"],
    },
  ]));
