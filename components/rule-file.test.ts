import { parse } from "yaml";
import { ruleFile } from "./rule-file";

const rule = {
  alert: "NfsMirrorFailing",
  expr: `nfs_mirror_last_status{job="nfs-mirror",instance="pve"} != 0 and ${"x".repeat(120)}`,
  for: "0s",
  labels: { severity: "warning" },
  annotations: { summary: "it failed: the last good copy is kept" },
};

test("keeps each expression on one line, and reads back as the same rules", () => {
  const groups = [{ name: "holdfast-pve-nfs-mirror", interval: "30s", rules: [rule] }];
  const text = ruleFile(groups);
  expect(text.split("\n")).toContain(`        expr: ${rule.expr}`);
  expect(parse(text)).toEqual({ groups });
});
