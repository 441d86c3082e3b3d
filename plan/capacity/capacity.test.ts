import { parseEstate, planOf } from "..";
import { type ExampleEstate, exampleWith } from "../estate/example";
import { capacityDelta, daysToFull, storesOf } from ".";

const planWith = (change: (estate: ExampleEstate) => void = () => undefined) =>
  planOf(
    parseEstate(
      exampleWith(estate => {
        estate.zone = "UTC";
        change(estate);
      }),
    ),
  );
const store = (name: string, change?: (estate: ExampleEstate) => void) => {
  const found = storesOf(planWith(change)).find(candidate => candidate.name === name);
  if (!found) throw new Error(`no store ${name}`);
  return found;
};
const bytesOf = (name: string, dataset: string) =>
  store(name).parts.find(part => part.dataset === dataset)?.bytes;

test("a dump is whole for each day that it is kept, at both ends, and a mirror as large as its dumps", () => {
  expect(bytesOf("pve:/srv/nfs", "vault")).toBe(31 * 1e9);
  expect(bytesOf("pve:/mnt/backup", "vault")).toBe(31 * 1e9);
});

test("a dump of which somebody has seen how large it is takes that, in its folder and in the mirror's", () => {
  const small = (name: string) =>
    store(name, ({ layers }) =>
      Object.assign(layers["cluster-dump"].find(({ dataset }) => dataset === "vault") ?? {}, {
        size: "200MB",
      }),
    ).parts.find(part => part.dataset === "vault")?.bytes;
  expect(small("pve:/srv/nfs")).toBe(31 * 200e6);
  expect(small("pve:/mnt/backup")).toBe(31 * 200e6);
});

test("generations by hard links hold one volume and what changes until the oldest goes", () => {
  // From the first Sunday's run until the fourth Monday's has ended.
  const days = 22 + 40 / 1_440;
  expect(bytesOf("pve:/mnt/backup", "nextcloud")).toBe(40e9 + Math.round(days * 500e6));
});

test("a snapshot in the volume's own pool holds what changes while it is kept, and no second volume", () => {
  const days = 7.5 + 1 / 1_440;
  expect(bytesOf("pve/data", "nextcloud")).toBe(40e9 + Math.round(days * 500e6));
  expect(store("pve/data").pinnedBytes).toBe(Math.round(days * 500e6));
  // 10:00 of the first day until 10:01 of the ninth.
  expect(bytesOf("nas", "photos")).toBe(300e9 + Math.round((8 + 1 / 1_440) * 2e9));
});

test("a pool needs what lvs shows, or what is planned if that is more; its metadata follows the blocks", () => {
  expect(store("pve/data").needBytes).toBe(2e12);
  expect(store("pve/data metadata")).toMatchObject({ kind: "pool-metadata", needBytes: 4e9 });
  const full = store("pve/data", ({ services }) => {
    if (services.nextcloud?.data[0]) services.nextcloud.data[0].size = "7TB";
  });
  expect(full.needBytes).toBeGreaterThan(7e12);
});

test("counts the days until it is full by what its datasets and their copies grow", () => {
  const growing = store("pve:/srv/nfs", ({ services }) => {
    if (services.books?.data[0]) services.books.data[0].growthPerDay = "10GB";
  });
  expect(daysToFull(growing)).toBe(Math.floor((2.7e12 - growing.needBytes) / 10e9));
  expect(daysToFull(store("pve:/srv/nfs"))).toBeUndefined();
  expect(daysToFull({ ...growing, usableBytes: growing.needBytes })).toBe(0);
});

test("an edit's delta names each store that it changes, and no other", () => {
  const delta = capacityDelta(
    planWith(),
    planWith(({ services }) => {
      if (services.photos?.data[0]) services.photos.data[0].size = "400GB";
    }),
  );
  expect(delta.map(({ name, needBytes }) => [name, needBytes])).toEqual([
    ["pve:/srv/nfs", 100e9],
    ["nas", 100e9],
  ]);
  expect(capacityDelta(planWith(), planWith())).toEqual([]);
});

test("a store that an edit adds or removes is a delta too", () => {
  const without = planWith(({ hosts }) => {
    if (hosts.pve) hosts.pve.disks.sdd = { medium: "ssd", size: "1TB" };
  });
  const added = planWith(({ hosts }) => {
    if (!hosts.pve) return;
    hosts.pve.disks.sdd = { medium: "ssd", size: "1TB" };
    hosts.pve.filesystems["/srv/fast"] = { disk: "sdd", fsUuid: "44444444-4444-4444-8444-444444444444" };
  });
  expect(capacityDelta(without, added)).toMatchObject([{ name: "pve:/srv/fast", needBytes: 0, after: {} }]);
  expect(capacityDelta(added, without)).toMatchObject([{ name: "pve:/srv/fast", before: {} }]);
});

test("names what it can't count: a dataset of unknown size, in each store that holds it or a copy", () => {
  const unsized = ({ services }: ExampleEstate): void => {
    Reflect.deleteProperty(services.books?.data[0] ?? {}, "size");
  };
  expect(store("pve:/mnt/backup", unsized).unsized).toEqual(["books"]);
  expect(store("pve:/mnt/backup").unsized).toEqual([]);
  expect(daysToFull({ ...store("nas", unsized), growthPerDayBytes: 1 })).toBeUndefined();
  expect(capacityDelta(planWith(), planWith(unsized)).map(({ name, unsized }) => [name, unsized])).toEqual([
    ["pve:/srv/nfs", ["books"]],
    ["pve:/mnt/backup", ["books"]],
    ["nas", ["books"]],
  ]);
});

test("what changes and isn't said is a range, from nothing to all of it each day, and a disk's last day is unknown", () => {
  const unsaid = ({ services }: ExampleEstate): void => {
    Reflect.deleteProperty(services.photos?.data[0] ?? {}, "churnPerDay");
  };
  const nas = store("nas", unsaid);
  // Eight snapshots pin 300 GB each, where everything changes between two of them.
  expect(nas.mostBytes - nas.needBytes).toBe(8 * 300e9);
  expect(nas.needBytes).toBe(store("nas").needBytes - Math.round((8 + 1 / 1_440) * 2e9));
  expect(nas.unchurned).toEqual(["photos"]);
  // The live tree and the backup disk hold no earlier state of it.
  expect(store("pve:/srv/nfs", unsaid)).toMatchObject({
    unchurned: [],
    mostBytes: store("pve:/srv/nfs").needBytes,
  });
  expect(daysToFull({ ...nas, growthPerDayBytes: 1 })).toBeUndefined();
  expect(
    capacityDelta(planWith(), planWith(unsaid)).map(({ name, mostBytes }) => [name, mostBytes > 0]),
  ).toEqual([["nas", true]]);
});

test("growth that isn't said is unknown wherever the dataset or a copy of it lies, and so is the last day there", () => {
  const unsaid = ({ services }: ExampleEstate): void => {
    Reflect.deleteProperty(services.books?.data[0] ?? {}, "growthPerDay");
    if (services.photos?.data[0]) services.photos.data[0].growthPerDay = "1GB";
  };
  const tree = store("pve:/srv/nfs", unsaid);
  expect([tree.ungrown, store("pve/data", unsaid).ungrown]).toEqual([["books"], []]);
  expect(daysToFull(tree)).toBeUndefined();
  expect(daysToFull({ ...tree, ungrown: [] })).toBeGreaterThan(0);
});

test("generations whose hard links are lost on the way to the NAS have every file there", () => {
  const generations = 4;
  const lost = ({ layers }: ExampleEstate): void => {
    const [leg] = layers["offsite-sync"][0]?.legs ?? [];
    if (leg) leg.metadata = "lost";
  };
  const onNas = (change?: (estate: ExampleEstate) => void): number =>
    store("nas", change).parts.find(part => part.dataset === "nextcloud")?.bytes ?? 0;
  expect(onNas(lost) - onNas()).toBeGreaterThan((generations - 1) * 40e9 - 20e9);
});
