import { parseEstate, planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { capacitySection } from "./plan-sections";

const asOfMs = Date.UTC(2026, 10, 1);

function rowOf(change: (estate: ExampleEstate) => void): string[] {
  const { rows } = capacitySection(planOf(parseEstate(exampleWith(change))), asOfMs);
  return [...(rows.find(([name]) => name === "pve:/mnt/backup") ?? [])];
}

/** What others take of the backup disk. */
function used(size: string): (estate: ExampleEstate) => void {
  return ({ hosts }) => Object.assign(hosts.pve?.filesystems["/mnt/backup"] ?? {}, { used: size });
}

function growing({ services }: ExampleEstate): void {
  Object.assign(services.books?.data[0] ?? {}, { growthPerDay: "1GB" });
}

test("what others take of a disk, left out, is unknown and not nothing", () => {
  const [, needs, , , fullOn] = rowOf(() => undefined);
  expect(needs).toMatch(/ and what others take, which nobody says$/);
  expect(fullOn).toBe("unknown");
  expect(rowOf(growing)[4]).toMatch(/^20\d\d-\d\d-\d\d or before$/);
});

test("what others take is a figure where somebody says it, and 0B is one", () => {
  expect(rowOf(used("0B"))[1]).not.toMatch(/others/);
  expect(rowOf(used("0B"))[4]).toBe("-");
  expect(
    rowOf(estate => {
      growing(estate);
      used("100GB")(estate);
    })[4],
  ).toMatch(/^20\d\d-\d\d-\d\d$/);
});
