import { parseEstate, planOf } from "../../plan";
import { type ExampleEstate, exampleEstate, exampleWith } from "../../plan/estate/example";
import { rto } from "./rto";

const found = (change: (estate: ExampleEstate) => void) =>
  rto.run(planOf(parseEstate(exampleWith(change))), 0);

test("counts 300 GB at 50 MB a second as 6000 seconds", () => {
  const promise = (time: string) =>
    found(({ services }) => {
      if (services.photos) services.photos.promise = { rpo: { site: "33h" }, rto: time };
    });
  expect(promise("100min")).toEqual([]);
  expect(promise("99min")).toMatchObject([
    { subject: "photos", evidence: { floorMs: 6_000_000, sizeBytes: 300e9, bytesPerSecond: 50e6 } },
  ]);
});

test("counts what a service needs before its own bytes, and the way to the NAS once", () => {
  const findings = found(({ services, links }) => {
    if (links[0]) links[0].latency = "2h";
    if (services.nextcloud) services.nextcloud.promise = { rpo: { site: "33h" }, rto: "2h 13min" };
  });
  // etcd's 200 MB and nextcloud's 40 GB at 50 MB a second: 804 s.
  expect(findings).toMatchObject([{ subject: "nextcloud", evidence: { floorMs: 2 * 3_600_000 + 804_000 } }]);
});

test("tells of a missing link once, with every service that waits for it", () => {
  const services = Object.entries(exampleEstate().services)
    .filter(([, { promise }]) => promise?.rto !== undefined && "site" in promise.rpo)
    .map(([name]) => name);
  expect(services).toContain("photos");
  expect(found(({ links }) => links.splice(0, 1))).toMatchObject([
    { subject: "nas", evidence: { to: "pve", services } },
  ]);
});
