import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { rpo } from "./rpo";

const hour = 3_600_000;
const minute = 60_000;

test("gives the worst minute, the route and every broken promise of a weekly dump", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(estate => {
        estate.zone = "UTC";
        const [etcd] = estate.layers["cluster-dump"];
        if (etcd) etcd.schedule = { cron: "0 1 * * 0" };
      }),
    ),
  );
  expect(rpo.run(plan, 0)).toMatchObject([
    {
      subject: "etcd",
      evidence: {
        domain: "application",
        promisedMs: 27 * hour,
        worstLossMs: 168 * hour + minute,
        via: ["etcd-backup"],
        also: ["site 7 d 5 h", "live-disk 7 d 1 h", "host-root 7 d 9 h"],
      },
    },
  ]);
});

test("finds the two hours that a mirror before the dumps costs", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [mirror] = layers["nfs-mirror"];
        if (mirror) mirror.schedule = { onCalendar: "*-*-* 00:30:00" };
      }),
    ),
  );
  const [etcd] = rpo.run(plan, 0);
  expect(etcd).toMatchObject({
    subject: "etcd",
    evidence: {
      domain: "site",
      worstLossMs: 54 * hour + 29 * minute,
      worstAt: "2026-10-25T04:29Z",
      via: ["etcd-backup", "nfs-mirror", "offsite-sync-backup"],
    },
  });
});

test("says nothing of a disaster in which a route is missing: that has a finding of its own", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        layers["nas-snapshots"] = [];
      }),
    ),
  );
  expect(rpo.run(plan, 0)).toEqual([]);
});
