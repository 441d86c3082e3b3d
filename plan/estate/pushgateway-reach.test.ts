import { exampleWith } from "./example";
import { parseEstate } from "./parse";

/** The example with a Pushgateway of somebody else's, on the machine that pushes. */
const atHome = (isAlone: boolean) => () =>
  parseEstate(
    exampleWith(estate => {
      estate.monitoring.pushgateway = "http://localhost:9091";
      if (!isAlone) return;
      estate.clusters = {};
      estate.services = {};
      for (const layer of Object.keys(estate.layers)) Object.assign(estate.layers, { [layer]: [] });
      estate.secrets = {};
      estate.destinations = {};
      estate.firewalls = {};
      estate.links = [];
      delete estate.monitoring.deadMan;
    }),
  );

test("a Pushgateway at localhost is refused where hosts and pods push, and is one where a single host does", () => {
  expect(atHome(false)).toThrow(/monitoring\.pushgateway: .* each host and pod would push to itself/);
  expect(atHome(true)).not.toThrow();
});
