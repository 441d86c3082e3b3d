import { exampleWith } from "../estate/example";
import { parseEstate, planOf } from "..";
import { type Loss, lossesOf } from "./loss";

const hour = 3_600_000;
const minute = 60_000;

/** The calibration that the arithmetic was worked out for by hand: a weekly snapshot, a daily mirror, a daily offsite run. */
function calibration(): Loss[] {
  return lossesOf(
    planOf(
      parseEstate(
        exampleWith(estate => {
          estate.zone = "UTC";
          const [etcd] = estate.layers["cluster-dump"];
          if (etcd) etcd.schedule = { cron: "0 1 * * 0" };
        }),
      ),
    ),
  );
}

test.each([
  ["application", 168 * hour + minute, ["etcd-backup"]],
  ["live-disk", 169 * hour + 19 * minute, ["etcd-backup", "nfs-mirror"]],
  ["site", 173 * hour + 29 * minute, ["etcd-backup", "nfs-mirror", "offsite-sync-backup"]],
])("counts what is lost of a weekly snapshot: %s", (domain, worstLossMs, via) => {
  const loss = calibration().find(found => found.service === "etcd" && found.domain === domain);
  expect(loss).toMatchObject({ worstLossMs, via });
});

test("loses nothing where the live data is unharmed", () => {
  expect(calibration().find(({ service, domain }) => service === "books" && domain === "nas")).toMatchObject({
    worstLossMs: 0,
    via: ["live"],
  });
});

test("has nothing left where no copy survives", () => {
  const [mirror] = [
    lossesOf(
      planOf(
        parseEstate(
          exampleWith(estate => {
            estate.layers["offsite-sync"] = [];
            estate.layers["nas-snapshots"] = [];
          }),
        ),
      ),
    ).find(({ service, domain }) => service === "books" && domain === "site"),
  ];
  expect(mirror).toMatchObject({ worstLossMs: undefined, via: [] });
});

test("what is left out on purpose has rows of its own, that say so, beside those of its service", () => {
  const losses = lossesOf(
    planOf(
      parseEstate(
        exampleWith(({ services }) => {
          services.photos?.data.push({
            ...{ kind: "tree", host: "pve", path: "/srv/nfs/thumbs", name: "thumbs", size: "5GB" },
            unprotected: { reason: "made again from the photos", owner: "viktor", expires: "2027-06-30" },
          });
        }),
      ),
    ),
  ).filter(({ service, domain }) => service === "photos" && domain === "site");
  expect(losses).toMatchObject([
    { dataset: "photos", via: ["offsite-sync-backup"] },
    { dataset: "photos/thumbs", worstLossMs: undefined, via: [], leftOut: true },
  ]);
  expect(losses[0]).not.toHaveProperty("leftOut");
});
