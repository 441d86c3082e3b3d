import { parseEstate, planOf } from "../plan";
import { exampleEstate, type ExampleEstate, exampleWith } from "../plan/estate/example";
import { standingRules } from "./standing";

const namesOf = (estate: object): string[] =>
  standingRules(planOf(parseEstate(estate))).map(({ rule }) => rule.alert);
const named = (change: (estate: ExampleEstate) => void): string[] => namesOf(exampleWith(change));

test("what the estate says that exporters have is watched, and nothing else", () => {
  expect(namesOf(exampleEstate())).toEqual(["PushgatewayGone", "RestoreDrillOverRto", "BackupDiskFullSoon"]);
  expect(named(({ monitoring }) => (monitoring.exporters = []))).toEqual([
    "PushgatewayGone",
    "RestoreDrillOverRto",
  ]);
  expect(
    named(({ monitoring }) =>
      monitoring.exporters?.push({
        ...{ job: "proxmox-host", instances: ["pve"] },
        metrics: ["node_time_seconds", "node_systemd_unit_state"],
      }),
    ),
  ).toEqual([
    "PushgatewayGone",
    "RestoreDrillOverRto",
    "HostMetricsGone",
    "JobUnitFailed",
    "JobTimerStopped",
    "HostClockWrong",
    "BackupDiskFullSoon",
  ]);
});

test("an alert of the estate takes the place of one of its name", () =>
  expect(
    named(({ monitoring }) =>
      monitoring.alerts?.push({ name: "PushgatewayGone", expr: "up == 0", receiver: "infra" }),
    ),
  ).toEqual(["RestoreDrillOverRto", "BackupDiskFullSoon"]));

test("a disk that isn't for backups, and a host that the exporter doesn't have, are left alone", () => {
  expect(
    named(({ monitoring }) => {
      for (const exporter of monitoring.exporters ?? []) exporter.labels = { mountpoint: ["/", "/srv/nfs"] };
    }),
  ).toEqual(["PushgatewayGone", "RestoreDrillOverRto"]);
  expect(
    named(({ monitoring }) => {
      for (const exporter of monitoring.exporters ?? []) exporter.instances = ["other"];
    }),
  ).toEqual(["PushgatewayGone", "RestoreDrillOverRto"]);
});
