import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { storesOf } from "./stores";

const store = (name: string, change: (estate: ExampleEstate) => void = () => undefined) => {
  const found = storesOf(planOf(parseEstate(exampleWith(change)))).find(candidate => candidate.name === name);
  if (!found) throw new Error(`no store ${name}`);
  return found;
};
const bytesOf = (name: string, dataset: string) =>
  store(name).parts.find(part => part.dataset === dataset)?.bytes;

test("gives a file system without a size what the pools of its disk leave", () =>
  expect(store("pve:/srv/nfs").sizeBytes).toBe(10.7e12 - 8e12));

test("counts a dump whole for each day that it is kept, and a mirror of dumps as large as they are", () => {
  expect(bytesOf("pve:/srv/nfs", "vault")).toBe(30 * 1e9);
  expect(bytesOf("pve:/mnt/backup", "vault")).toBe(30 * 1e9);
});

test("counts generations that share files by hard links as one and what changes in four weeks", () =>
  expect(bytesOf("pve:/mnt/backup", "nextcloud")).toBe(40e9 + 28 * 500e6));

test("counts what snapshots of a week hold: the change of seven days, in the pool and at the NAS", () => {
  expect(bytesOf("pve/data", "nextcloud")).toBe(40e9 + 7 * 500e6);
  expect(bytesOf("nas", "photos")).toBe(300e9 + 7 * 2e9);
  // A dump is new each day, so all of it is what changes.
  expect(bytesOf("nas", "vault")).toBe(30e9 + 7e9);
});

test("never holds more in a snapshot than the volume has, for each snapshot", () => {
  const { parts } = store("nas", ({ services, layers }) => {
    if (services.photos?.data[0]) services.photos.data[0].churnPerDay = "1TB";
    if (layers["nas-snapshots"][0]) layers["nas-snapshots"][0].keep = { count: 2 };
  });
  expect(parts.find(({ dataset }) => dataset === "photos")?.bytes).toBe(300e9 + 2 * 300e9);
});
