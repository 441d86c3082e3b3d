import { parse } from "yaml";
import { prometheusRuleObject } from "./objects";
import { ruleFileName, ruleFileText } from "./rule-file";

const object = prometheusRuleObject.parse({
  metadata: { name: "nfs-mirror", namespace: "monitoring", uid: "u1" },
  spec: {
    groups: [
      {
        name: "backups",
        interval: "",
        query_offset: "1m",
        labels: { newer: "than 2.42" },
        partial_response_strategy: "abort",
        rules: [
          { alert: "Off", expr: 1, for: "", labels: { state: "off", at: "12:30" } },
          { alert: "Late", expr: "time() - x > 60", for: "5m" },
        ],
      },
    ],
  },
});

test("leaves out empty durations, and what Prometheus 2.42 doesn't know", () => {
  expect(parse(ruleFileText(object))).toEqual({
    groups: [
      {
        name: "backups",
        rules: [
          { alert: "Off", expr: "1", labels: { state: "off", at: "12:30" } },
          { alert: "Late", expr: "time() - x > 60", for: "5m" },
        ],
      },
    ],
  });
});

test("texts stay texts for a reader of YAML 1.1", () => {
  expect(parse(ruleFileText(object), { version: "1.1" })).toMatchObject({
    groups: [{ rules: [{ expr: "1", labels: { state: "off", at: "12:30" } }, {}] }],
  });
});

test("a rule file is named after its object, and after its life", () => {
  expect(ruleFileName(object)).toBe("monitoring-nfs-mirror-u1.yaml");
});
