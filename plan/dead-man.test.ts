import { parseEstate, planOf } from ".";
import { deadManConfig } from "./contracts/dead-man";
import { deadMenOf } from "./dead-man";
import { type ExampleEstate, exampleWith } from "./estate/example";
import { isHosted } from "./job";

const planned = (change: (estate: ExampleEstate) => void = () => undefined) =>
  planOf(parseEstate(exampleWith(change)));

test("a host calls every five minutes, by an address that is a secret file, and knows the promises of its jobs", () => {
  const plan = planned();
  const [caller, ...more] = deadMenOf(plan);
  expect(more).toEqual([]);
  const text = (name: string): string => caller?.files.find(file => file.name === name)?.text ?? "";
  expect(text("dead-man.timer")).toContain("OnBootSec=1min\nOnUnitActiveSec=300s\nAccuracySec=30s\n");
  expect(text("dead-man.service")).toContain(
    "LoadCredential=pve-calls:/etc/holdfast/credentials/dead-man/pve-calls\n",
  );
  const config = deadManConfig.parse(JSON.parse(text("config.json")));
  expect(config.jobs.map(({ name }) => name)).toEqual(plan.jobs.filter(isHosted).map(({ name }) => name));
  expect(config.differsTextfile).toBe("/var/lib/prometheus/node-exporter/effective-state-differs.prom");
  expect(config.jobs[0]).toEqual({
    name: "lvm-pvc-snapshot",
    textfile: "/var/lib/prometheus/node-exporter/lvm-pvc-snapshot.prom",
    status: "lvm_snapshot_last_status",
    lastSuccess: "lvm_snapshot_last_success_timestamp",
    staleAfterMs: plan.jobs[0]?.judged.staleAfterMs,
  });
});

test("without somebody who waits, no host calls", () =>
  expect(deadMenOf(planned(({ monitoring }) => delete monitoring.deadMan))).toEqual([]));

test.each<[string, Record<string, string>, RegExp]>([
  ["an unknown host", { pev: "pve-calls" }, /deadMan\.hosts\.pev: "pev" names no host/],
  ["an unknown secret", { pve: "pve-call" }, /deadMan\.hosts\.pve: "pve-call" names no secret/],
  [
    "one check for two hosts",
    { pve: "pve-calls", pve2: "pve-calls" },
    /deadMan\.hosts\.pve2: "pve-calls" is what pve calls too/,
  ],
])("refuses %s", (_, hosts, message) => {
  expect(() =>
    planned(({ monitoring }) => {
      if (monitoring.deadMan) monitoring.deadMan.hosts = hosts;
    }),
  ).toThrow(message);
});
