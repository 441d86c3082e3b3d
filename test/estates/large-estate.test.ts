import { largeEstate } from "../../bench/large-estate";
import { twoOfOne } from "../../checks/estate/two-of-one";
import { overlapOnDisk } from "../../checks/order/overlap-on-disk";
import { parseEstate, planOf } from "../../plan";
import { layers } from "../../plan/layers";
import { findingsOf } from "./found";

test("the estate that a speed is promised for is sound", () =>
  expect(findingsOf(largeEstate(1)).map(({ message }) => message)).toEqual([]));

/** Its hosts as one that was pasted ten times, and nobody has gone through the copies. */
function pasted() {
  const estate = largeEstate(1);
  const [first] = Object.values(estate.hosts);
  return planOf(
    parseEstate({
      ...estate,
      hosts: Object.fromEntries(Object.keys(estate.hosts).map(host => [host, first])),
      services: {},
      layers: {
        ...estate.layers,
        "offsite-sync": estate.layers["offsite-sync"]?.map(spec => ({
          ...spec,
          schedule: { onCalendar: "06:00" },
        })),
      },
    }),
  );
}

test("what ten hosts share is told once for each thing and each run, and not for each two of the hosts", () => {
  const plan = pasted();
  const shared = twoOfOne.run(plan, 0);
  // Address, host key and three file systems.
  expect(shared.map(({ subject }) => subject)).toEqual([
    "pve-1",
    "pve-1",
    "pve-1:/",
    "pve-1:/srv/nfs",
    "pve-1:/mnt/backup",
  ]);
  expect(shared[0]?.message).toContain(
    "host pve-0, host pve-1, host pve-2 and 7 more all have the SSH address pve-0.example:22",
  );
  const overlaps = overlapOnDisk.run(plan, 0);
  expect(overlaps.map(({ subject }) => subject)).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map(host => `offsite-sync-backup@pve-${host}`),
  );
  expect(overlaps.at(-1)?.message).toContain(
    "while offsite-sync-backup@pve-0 (2026-01-01 06:00, usually 20 min), offsite-sync-backup@pve-1, offsite-sync-backup@pve-2 and 6 more are still using nas-0",
  );
});

test("what a part's timers start is found as often for each of twenty hosts as of ten", () => {
  const found = jest.spyOn(layers["nfs-mirror"], "runs");
  const [ten, twenty] = [1, 2].map(factor => {
    found.mockClear();
    planOf(parseEstate({ ...largeEstate(factor), services: {} }));
    return found.mock.calls.length;
  });
  found.mockRestore();
  expect(twenty).toBe(2 * (ten ?? 0));
});

test("a volume among many alike that another service claims too is told of by its name", () => {
  const estate = largeEstate(1);
  estate.services?.["service-30"]?.data.push({
    ...({ kind: "volume", name: "twice", claim: "data-7", holds: "files" } as const),
    ...{ host: "pve-3", pool: "data", namespace: "service-20", size: "2GB" },
  });
  const [found, ...others] = twoOfOne.run(planOf(parseEstate(estate)), 0);
  expect(others).toEqual([]);
  expect(found?.message).toContain("service-20/pve-3-7");
});
