import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { twoRoutes } from "./two-routes";

test("gives both routes of photos that are mirrored and also sent straight", () => {
  const plan = planOf(
    parseEstate(
      exampleWith(({ layers }) => {
        const [mirror] = layers["nfs-mirror"];
        if (mirror) mirror.excludes = [];
      }),
    ),
  );
  expect(twoRoutes.run(plan, 0)).toMatchObject([
    {
      subject: "photos",
      message:
        "photos comes to nas twice, pve:/srv/nfs/photos > nas:/Backup/nfs/photos and pve:/srv/nfs/photos > pve:/mnt/backup/photos > nas:/Backup/pve-backup/photos: 300 GB sent and kept two times.",
      evidence: { sizeBytes: 300e9, jobs: ["offsite-sync-backup"] },
    },
  ]);
});
