import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { runChecks } from ".";
import { exampleKey } from "../plan/estate/example-keys";

/** A second host with a mirror of its own, whose threshold is a weekly one's as the first's is. */
function twoMirrors(change: (estate: ExampleEstate) => void = () => undefined) {
  const estate = exampleWith(example => {
    const { hosts, layers, monitoring, secrets } = example;
    hosts.pve2 = {
      site: "home",
      address: "pve2.example",
      ssh: { hostKey: exampleKey("Example2") },
      disks: { sda: { medium: "hdd", size: "1TB", role: "backup" }, sdc: { medium: "hdd", size: "1TB" } },
      filesystems: {
        "/srv/nfs": { disk: "sdc", fsUuid: "44444444-1111-4111-8111-111111111111" },
        "/mnt/backup": { disk: "sda", fsUuid: "44444444-2222-4222-8222-222222222222" },
      },
    };
    const [mirror] = layers["nfs-mirror"];
    if (!mirror) throw new Error("the example has no mirror");
    mirror.alert = { receiver: "infra", staleAfter: "16d" };
    layers["nfs-mirror"].push({ ...mirror, host: "pve2", excludes: [], keep: [] });
    secrets["pve2-calls"] = { keptIn: ["break-glass"] };
    if (monitoring.deadMan) monitoring.deadMan.hosts["pve2"] = "pve2-calls";
    change(example);
  });
  return runChecks(planOf(parseEstate(estate)), Date.UTC(2026, 10, 1));
}

test("names the host of a job where two have one of its name, in subject and text", () => {
  const found = twoMirrors();
  expect(found.map(({ code, subject }) => [code, subject])).toEqual([
    ["schedule/stale-above-promise", "nfs-mirror@pve"],
    ["schedule/stale-above-promise", "nfs-mirror@pve2"],
  ]);
  for (const { subject, message } of found) expect(message).toContain(`${subject} alerts`);
});

test("a waiver of one host's job silences no other's, and one without a host is told which there are", () => {
  const waiver = (subject: string) => ({
    ...{ code: "schedule/stale-above-promise", subject, expires: "2027-06-30" },
    ...{ reason: "moved in spring", owner: "viktor" },
  });
  const found = (subject: string) =>
    twoMirrors(({ waivers }) => waivers.push(waiver(subject))).map(
      ({ severity, code, subject: of }) => `${severity} ${code} ${of}`,
    );
  expect(found("nfs-mirror@pve2")).toEqual([
    "error schedule/stale-above-promise nfs-mirror@pve",
    "warning schedule/stale-above-promise nfs-mirror@pve2",
  ]);
  expect(found("nfs-mirror")).toContain("error schedule/stale-above-promise nfs-mirror@pve2");
  expect(twoMirrors(({ waivers }) => waivers.push(waiver("nfs-mirror"))).at(-1)).toMatchObject({
    code: "waivers/unused",
    fix: 'Remove it from waivers, or write "nfs-mirror@pve", "nfs-mirror@pve2" as its subject.',
  });
});
