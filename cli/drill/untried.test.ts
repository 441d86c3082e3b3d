import { parseEstate, planOf } from "../../plan";
import { exampleEstate, exampleWith } from "../../plan/estate/example";
import { drillersOf } from "../../plan/graph/drilled";
import { untriedOf, untriedText } from "./untried";

const plan = planOf(parseEstate(exampleEstate()));
const of = (id: string) => untriedOf(plan, drillersOf(plan), each => each === id);

test("of data that a drill proves from some copies, those that it never restores are named with their machine, each job's once", () => {
  expect(of("books")).toEqual([
    {
      ...{ job: "nas-snapshots", machine: "nas", datasets: ["books"] },
      provedBy: "a folder that is brought back from a snapshot",
    },
  ]);
  expect(untriedText(of("nextcloud"))).toBe(
    "those of lvm-pvc-snapshot on pve (of nextcloud: a volume that is put back to its snapshot would prove it); " +
      "those of nas-snapshots on nas (of nextcloud: a folder that is brought back from a snapshot would prove it)",
  );
  expect(untriedOf(plan, drillersOf(plan)).map(({ job }) => job)).toEqual([
    "lvm-pvc-snapshot",
    "nas-snapshots",
  ]);
});

test("what no drill proves at all is named elsewhere, and without snapshots all is tried", () => {
  expect(of("etcd")).toEqual([]);
  const bare = planOf(parseEstate(exampleWith(({ layers }) => void (layers["nas-snapshots"].length = 0))));
  expect(untriedOf(bare, drillersOf(bare), id => id === "books")).toEqual([]);
});
