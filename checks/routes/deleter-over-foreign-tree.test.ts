import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { runChecks } from "..";

test("names the path and both jobs when a mirror doesn't keep another job's generations", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [mirror] = layers["nfs-mirror"];
        if (mirror) mirror.keep = (mirror.keep ?? []).filter(({ name }) => name !== "pvc-data");
      }),
    ),
  );
  expect(runChecks(plan, Date.UTC(2026, 10, 1))).toMatchObject([
    {
      code: "routes/deleter-over-foreign-tree",
      subject: "nfs-mirror",
      message:
        "nfs-mirror deletes from pve:/mnt/backup whatever its source lacks, and daily-backup keeps copies at pve:/mnt/backup/pvc-data: its next run removes them.",
      fix: 'Add "pvc-data" to "keep" of nfs-mirror, or let daily-backup write elsewhere.',
      evidence: { path: "pve:/mnt/backup/pvc-data" },
    },
  ]);
});

test("tells of two hosts that mirror into one folder once", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ hosts, layers }) => {
        const { pve } = hosts;
        const [offsite] = layers["offsite-sync"];
        if (!pve || !offsite) return;
        hosts.pve2 = structuredClone(pve);
        layers["offsite-sync"].push({
          ...offsite,
          host: "pve2",
          schedule: { onCalendar: "*-*-* 07:00:00" },
          legs: [{ from: "/mnt/backup", to: "/Backup/pve-backup" }],
        });
      }),
    ),
  );
  expect(
    runChecks(plan, Date.UTC(2026, 10, 1)).filter(({ code }) => code === "routes/deleter-over-foreign-tree"),
  ).toMatchObject([{ evidence: { path: "nas:/Backup/pve-backup" } }]);
});
