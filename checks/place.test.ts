import { planOf } from "../plan";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import { parseEstate } from "../plan/estate/parse";
import { runChecks } from ".";
import { placeOf } from "./place";

const asOfMs = Date.parse("2026-11-01T00:00:00Z");

function placesOf(code: string, change: (estate: ExampleEstate) => void): unknown[] {
  const plan = planOf(parseEstate(exampleWith(change)));
  return runChecks(plan, asOfMs)
    .filter(finding => finding.code === code)
    .map(finding => placeOf(finding, plan));
}

test("of a firewall, a destination, a host or a secret, none takes the service of its name for it", () => {
  const unpinned = ({ firewalls }: ExampleEstate): void => {
    delete firewalls?.["pfsense"]?.ssh?.hostKey;
  };
  expect(placesOf("security/unpinned-host-key", unpinned)).toEqual([["firewalls", "pfsense"]]);
});

test("of two waivers of one subject each is found by its code, and what is left out on purpose by its service", () => {
  const waiver = (code: string, expires: string) => ({
    ...{ code, subject: "books", expires },
    ...{ owner: "me", reason: "known, and looked at" },
  });
  const two = (estate: ExampleEstate): void => {
    estate.waivers = [
      waiver("promises/rto", "2026-12-01"),
      waiver("promises/rpo", "2026-10-01"),
      waiver("promises/single-medium", "2026-12-01"),
    ];
    Object.assign(estate.services.books?.data[0] ?? {}, {
      unprotected: { reason: "known, and looked at", owner: "me", expires: "2026-10-01" },
    });
  };
  expect(placesOf("waivers/expired", two)).toEqual([
    ["waivers", 1],
    ["services", "books", "data", 0, "unprotected"],
  ]);
  expect(placesOf("waivers/unused", two)).toEqual([
    ["waivers", 0],
    ["waivers", 2],
  ]);
});

test("what a job says of itself is found at its own field, and not at the service or the job that it is about", () => {
  const quick = ({ services, layers }: ExampleEstate): void => {
    Object.assign(services.nodes?.data[0] ?? {}, { size: "100GB" });
    Object.assign(layers["vm-images"][0] ?? {}, { usualRun: "30s" });
  };
  expect(placesOf("order/too-much-for-budget", quick)).toEqual([["layers", "vm-images", 0, "usualRun"]]);
  const unreadable = ({ layers }: ExampleEstate): void => {
    Object.assign(layers["nfs-mirror"][0] ?? {}, {
      accepted: [{ path: "books", reason: "unreadable since the crash", until: "2099-01-01" }],
    });
  };
  const entry = ["layers", "nfs-mirror", 0, "accepted", 0];
  expect(placesOf("promises/left-out-yet-promised", unreadable)).toEqual([entry]);
  expect(placesOf("waivers/without-end", unreadable)).toEqual([entry]);
  const calls = ({ receivers, monitoring }: ExampleEstate): void => {
    receivers["chat"] = { kind: "slack", channel: "#chat", webhookSecret: { name: "watchdog", key: "url" } };
    if (monitoring.deadMan) monitoring.deadMan.urlSecret = { name: "watchdog", key: "url" };
  };
  expect(placesOf("estate/two-of-one", calls)).toEqual([["monitoring", "deadMan", "urlSecret"]]);
});

test("a name that is a letter apart stands where it was typed, whatever the keys on the way are", () => {
  const apart = ({ receivers, services }: ExampleEstate): void => {
    receivers["on-call"] = {
      kind: "slack",
      channel: "#on-clal",
      webhookSecret: { name: "watcdog", key: "url" },
    };
    services["e-books"] = { data: [{ kind: "tree", host: "pve", path: "/srv/nfs/e-bokos", size: "1GB" }] };
  };
  expect(placesOf("estate/letter-apart", apart)).toEqual([
    ["receivers", "on-call", "channel"],
    ["receivers", "on-call", "webhookSecret", "name"],
    ["services", "e-books", "data", 0, "path"],
  ]);
});

test("a name that nobody else says stands where it was typed", () => {
  expect(
    placesOf("estate/said-once", ({ services, destinations }) => {
      Object.assign(services.nextcloud?.data[0] ?? {}, { namespace: "nextclod" });
      Object.assign(destinations.nas ?? {}, { site: "hme" });
    }),
  ).toEqual([
    ["destinations", "nas", "site"],
    ["services", "nextcloud", "data"],
  ]);
});
