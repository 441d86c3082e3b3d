import { parseEstate, planOf } from "..";
import { type ExampleEstate, exampleWith } from "../estate/example";
import { volumeGroupsOf } from ".";

const groupsWith = (change: (estate: ExampleEstate) => void = () => undefined) =>
  volumeGroupsOf(planOf(parseEstate(exampleWith(change))));

const keptFor = (age: string) => (estate: ExampleEstate) =>
  Object.assign(estate.layers["lvm-pvc-snapshot"][0] ?? {}, {
    schedule: { onCalendar: "*-*-* 00,12:00:00" },
    keep: { age },
  });

test("snapshots are counted when there are most of them: those that are kept, at both ends, and the one that a run has just made", () => {
  const [week] = groupsWith(keptFor("7d"));
  const [day] = groupsWith(keptFor("1d"));
  expect(week).toMatchObject({ host: "pve", vg: "pve", pools: ["data"], sizeBytes: 522_240 });
  const covered = (day?.snapshots ?? 0) / 4;
  expect(covered).toBeGreaterThan(0);
  expect(week?.snapshots).toBe(covered * 16);
  expect((week?.needBytes ?? 0) - (day?.needBytes ?? 0)).toBe(covered * 12 * 473);
});

test("volumes that stand for many count each", () => {
  const [one] = groupsWith();
  const [many] = groupsWith(({ services }) =>
    Object.assign(services["nextcloud"]?.data[0] ?? {}, { count: 50 }),
  );
  expect((many?.volumes ?? 0) - (one?.volumes ?? 0)).toBe(49);
});

test("two pools of one group share its place, which is as large as the larger figure of the two", () => {
  const groups = groupsWith(({ hosts }) => {
    const data = hosts["pve"]?.pools?.["data"];
    Object.assign(hosts["pve"]?.pools ?? {}, { fast: { ...data, vgMetadata: "16MiB" } });
  });
  expect(groups).toMatchObject([{ pools: ["data", "fast"], sizeBytes: 8 * 2 ** 20 }]);
});
