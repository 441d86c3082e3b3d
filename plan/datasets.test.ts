import { bytesOf, datasetsOf } from "./datasets";
import { type ExampleEstate, exampleEstate } from "./estate/example";
import { parseEstate } from "./estate/parse";

const volumes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...({ kind: "volume", name: `v${index}`, claim: `data-${index}` } as const),
    ...{ host: "pve", pool: "data", namespace: "many", size: "2GB", churnPerDay: "1MB", growthPerDay: "0B" },
  }));

function manyWith(count: number, edit?: (estate: ExampleEstate) => void) {
  const estate = exampleEstate();
  estate.services["many"] = { data: volumes(count) };
  edit?.(estate);
  return datasetsOf(parseEstate(estate)).filter(({ service }) => service === "many");
}

test("many volumes that differ in name and claim alone are one dataset of that many", () => {
  const [all, ...others] = manyWith(10);
  expect(others).toEqual([]);
  expect(all).toMatchObject({ id: "many/v0 and 9 alike", count: 10 });
  expect(all && bytesOf(all)).toBe(20e9);
});

test("a few are told of one by one", () =>
  expect(manyWith(9).map(({ id, count }) => `${id} ${count}`)).toEqual(
    volumes(9).map(({ name }) => `many/${name} 1`),
  ));

test("one of another size, and one that a waiver names, are told of by themselves", () => {
  const found = manyWith(13, ({ services, waivers }) => {
    Object.assign(services["many"]?.data[0] ?? {}, { size: "3GB" });
    waivers.push({
      ...{ code: "routes/no-copy", subject: "many/v5" },
      ...{ reason: "made anew", owner: "viktor", expires: "2027-06-30" },
    });
  });
  expect(found.map(({ id }) => id)).toEqual(["many/v0", "many/v1 and 10 alike", "many/v5"]);
});
