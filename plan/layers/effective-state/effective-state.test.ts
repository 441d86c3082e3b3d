import { parseEstate, planOf } from "../..";
import { effectiveStateConfig } from "../../contracts/effective-state";
import type { InForce } from "../../contracts/in-force";
import { type ExampleEstate, exampleWith } from "../../estate/example";
import { releaseFiles } from "../release-files.test-support";

function declaredWith(change: (estate: ExampleEstate) => void = () => undefined): readonly InForce[] {
  const job = planOf(parseEstate(exampleWith(change))).jobs.find(({ name }) => name === "effective-state");
  const text = job && releaseFiles(job).find(({ name }) => name === "config.json")?.text;
  return effectiveStateConfig.parse(JSON.parse(text ?? "")).declared;
}

const named = (declared: readonly InForce[]): string[] =>
  declared.map(one => {
    switch (one.kind) {
      case "release":
        return `release ${one.job}${one.files === undefined ? ", by its name alone" : ""}`;
      case "unit":
        return `unit ${one.unit}${one.calendar === undefined ? "" : ` at ${one.calendar}`}`;
      case "mount":
        return `mount ${one.path} ${one.options.join(",")}`;
      case "certificate":
        return `certificate ${one.url}`;
      case "rights":
        return `rights ${one.kubeconfig}`;
      case "rules":
        return `rules ${one.group}`;
      case "route":
        return `route ${one.receiver}`;
      case "textfiles":
        return `textfiles ${one.folder}`;
      default:
        return one satisfies never;
    }
  });

test("each layer's jobs on a host say what is in force there, in the words of their own units", () => {
  const declared = named(declaredWith());
  expect(declared).toEqual(
    expect.arrayContaining([
      ...[
        "release nfs-mirror",
        "unit nfs-mirror.service",
        "unit nfs-mirror.timer at *-*-* 02:00:00 Europe/Sofia",
      ],
      ...["release nfs-change-tracker", "unit nfs-change-tracker.service"],
      ...["release dead-man, by its name alone", "unit dead-man.timer"],
      ...["release effective-state, by its name alone", "unit effective-state.timer at hourly Europe/Sofia"],
      ...["mount /srv/nfs ", "mount /mnt/backup rw,nosuid,nodev"],
      "textfiles /var/lib/prometheus/node-exporter",
      "certificate https://k8s.example:6443",
      "rights /etc/holdfast/credentials/lvm-pvc-snapshot/kubeconfig",
      "rights /etc/holdfast/credentials/lvm-pvc-snapshot/kubeconfig-restore",
    ]),
  );
  // Of a cluster's job, no host has anything.
  expect(declared.join()).not.toContain("etcd-backup");
  expect(declared).not.toContain("unit nfs-change-tracker.timer");
});

test("an edit of one job is another sum of that job's release alone", () => {
  const sums = (declared: readonly InForce[]) =>
    declared.flatMap(one => (one.kind === "release" ? [`${one.job} ${one.files}`] : []));
  const [before, after] = [
    declaredWith(),
    declaredWith(({ layers }) => {
      for (const part of layers["vm-images"]) part.budget = "2h";
    }),
  ].map(sums);
  expect(after?.filter(line => !before?.includes(line))).toEqual([
    expect.stringMatching(/^vm-images [0-9a-f]{64}$/),
  ]);
});

test("without an exporter of the host's own metrics, nobody is held to read a folder of textfiles", () => {
  const declared = named(
    declaredWith(({ monitoring }) => {
      monitoring.exporters = [];
      monitoring.alerts = [];
      delete monitoring.deadMan;
    }),
  );
  expect(declared.join()).not.toMatch(/textfiles|dead-man/);
});
