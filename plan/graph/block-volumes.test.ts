import { exampleWith } from "../estate/example";
import { parseEstate, planOf } from "../index";

/** Jobs that have a copy of the first volume of a service. */
function copiers(block: boolean): string[] {
  const plan = planOf(
    parseEstate(
      exampleWith(({ services }) => {
        const [volume] = services["nextcloud"]?.data ?? [];
        Object.assign(volume ?? {}, { block });
      }),
    ),
  );
  const copies = plan.copies.filter(
    ({ dataset }) => dataset.service === "nextcloud" && dataset.kind === "volume",
  );
  return [...new Set(copies.map(({ job }) => job.name))];
}

test("no copy of files is counted on where pods get a volume as a device: its snapshots are all there is", () => {
  expect(copiers(false)).toEqual(expect.arrayContaining(["lvm-pvc-snapshot", "daily-backup"]));
  expect(copiers(true)).toEqual(["lvm-pvc-snapshot"]);
});
