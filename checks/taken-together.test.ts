import { exampleEstate } from "../plan/estate/example";
import { parseEstate, planOf } from "../plan";
import { restoreOrder } from "../plan/graph/restore-order";
import { takenBy, waitingOf } from "./taken-together";

test("what is needed through a service that wasn't taken comes back before, too", () => {
  const estate = exampleEstate();
  const [books] = estate.services["books"]?.data ?? [];
  if (books?.kind !== "tree") throw new Error("the example's books are a tree");
  estate.services["index"] = { data: [{ ...books, path: "/srv/nfs/index" }] };
  // On another disk of the host.
  Object.assign(estate.services["books"] ?? {}, { needs: ["pve-host"] });
  Object.assign(estate.services["pve-host"] ?? {}, { needs: ["index"] });
  const plan = planOf(parseEstate(estate));
  const group = takenBy("live-disk", plan).find(({ place }) => place === "pve/sdc");
  if (!group) throw new Error("the example's books lie on pve/sdc");
  const { services } = waitingOf(group, plan);
  expect(services.find(({ service }) => service === "books")?.needs).toEqual(["index"]);
  const order = restoreOrder(services).map(({ service }) => service);
  expect(order).not.toContain("pve-host");
  expect(order.indexOf("index")).toBeLessThan(order.indexOf("books"));
});
