import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ruleGroups } from "../../alerts/groups";
import { parseEstate, planOf } from "../../plan";
import { estate } from "../../stacks/homelab/estate";
import { alertPages } from "./alerts";

const pages = alertPages();
const rules = ruleGroups(planOf(parseEstate(estate))).flatMap(group => group.rules);

test("each rule's link leads to a page, and each alert of each job is a row of the list", () => {
  const paths = pages.map(({ path }) => path);
  for (const { annotations } of rules)
    expect(paths).toContain(
      `runbooks/${annotations["runbook_url"]?.slice(`${estate.monitoring.runbooks}/`.length)}.md`,
    );
  expect(new Set(paths).size).toBe(paths.length);
  for (const { alert } of rules)
    expect(pages[0]?.text.split(`](runbooks/${alert}.md)`)).toHaveLength(
      1 + rules.filter(other => other.alert === alert).length,
    );
});

test("the row of a job has its calendar, gap, threshold, promise and receiver", () =>
  expect(pages[0]?.text).toContain(
    "| [NfsMirrorStale](runbooks/NfsMirrorStale.md) | [nfs-mirror](layers/nfs-mirror.md) | `*-*-* 02:00:00` Europe/Sofia | 25 h | no success for 26 h 4 min (promised: 27 h), for 5 min | 0 | infra-alerts (warning) |",
  ));

test("no link of a page leads nowhere", () => {
  const written = new Set(pages.map(({ path }) => path));
  const links = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)]+\.md)\)/g)].map(([, link = ""]) => join(dirname(path), link)),
  );
  expect(links.filter(link => !written.has(link) && !existsSync(join(__dirname, "..", link)))).toEqual([]);
});

test("what runs in a cluster is looked at there", () =>
  expect(pages.find(({ path }) => path === "runbooks/MySQLBackupFailing.md")?.text).toContain(
    "kubectl get cronjob,job,pod --namespace dbaas --selector holdfast.io/job=mysql-backup",
  ));
