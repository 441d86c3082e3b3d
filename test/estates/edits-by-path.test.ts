import { EstateInvalid, parseEstate } from "../../plan";
import { long } from "../long";
import { editAt } from "./edit-at";
import { findingsOf, homelabWith } from "./found";
import { daily, dumpOf, mirror, offsite } from "./mutation";
import { mutationsOfTimes } from "./mutations-of-jobs";
import { mutationsOfRetention, mutationsOfRoutes } from "./mutations-of-routes";
import { mutationsOfAlerts, mutationsOfPlaces, mutationsOfServices } from "./mutations-of-places";

const mutations = [
  ...mutationsOfTimes,
  ...mutationsOfRoutes,
  ...mutationsOfRetention,
  ...mutationsOfPlaces,
  ...mutationsOfServices,
  ...mutationsOfAlerts,
].map(([what, at, to, code, subject]) => ({ what, at, to, code, subject }));

test("there are sixty edits and more, none twice", () => {
  expect(mutations.length).toBeGreaterThanOrEqual(60);
  expect(new Set(mutations.map(({ what }) => what)).size).toBe(mutations.length);
});

/** Each is a plan of the whole homelab: `npm test` makes the first one of an answer. */
const walked = mutations.filter(
  ({ code }, index) => long || mutations.findIndex(other => other.code === code) === index,
);

test.each(walked)("$what ($at) is answered by $code alone", ({ at, to, code, subject }) => {
  const all = findingsOf(homelabWith(estate => editAt(estate, at, to)));
  const findings = all.filter(({ follows }) => follows === undefined);
  expect([...new Set(findings.map(finding => finding.code))]).toEqual([code]);
  if (subject !== undefined)
    expect([...new Set(findings.map(finding => finding.subject))]).toEqual([subject]);
});

test.each([
  [
    "an hour that doesn't exist",
    `${mirror} > schedule > onCalendar`,
    "*-*-* 25:00:00",
    'layers["nfs-mirror"][0].schedule.onCalendar',
  ],
  [
    "31 February",
    `${mirror} > schedule > onCalendar`,
    "*-02-31 02:00:00",
    'layers["nfs-mirror"][0].schedule.onCalendar',
  ],
  [
    "a minute that doesn't exist",
    `${dumpOf("etcd")} > schedule > cron`,
    "60 1 * * *",
    'layers["cluster-dump"][2].schedule.cron',
  ],
  [
    "four fields of five",
    `${dumpOf("etcd")} > schedule > cron`,
    "50 0 * *",
    'layers["cluster-dump"][2].schedule.cron',
  ],
  ["a zone that doesn't exist", "zone", "Europe/Sofa", "zone"],
  ["a budget without a unit", `${daily} > budget`, "105", 'layers["daily-backup"][0].budget'],
  ["a size without a unit", "hosts > pve > disks > sda > size", "1100", "hosts.pve.disks.sda.size"],
  ["a negative size", "services > immich > data > 0 > size", "-1TB", "services.immich.data[0].size"],
  ["a misspelt field", `${offsite} > promisse`, { rpo: "31h" }, 'layers["offsite-sync"][0].promisse'],
  [
    "a receiver that doesn't exist",
    `${mirror} > alert > receiver`,
    "infra",
    'layers["nfs-mirror"][0].alert.receiver',
  ],
  [
    "no receiver on a job",
    `${mirror} > alert > receiver`,
    undefined,
    'layers["nfs-mirror"][0].alert.receiver',
  ],
  ["a host that doesn't exist", `${mirror} > host`, "pwe", 'layers["nfs-mirror"][0].host'],
  [
    "a pool that doesn't exist",
    "services > mysql > data > 0 > on > pool",
    "dat",
    "services.mysql.data[0].on.pool",
  ],
  ["a mirror into itself", `${mirror} > target`, "/srv/nfs/backup", 'layers["nfs-mirror"][0].target'],
  [
    "a needed service that doesn't exist",
    "services > forgejo > needs > 0",
    "etdc",
    "services.forgejo.needs[0]",
  ],
  [
    "a leg to a share that the key doesn't open",
    `${offsite} > legs > 1 > to`,
    "/Photos/immich",
    'layers["offsite-sync"][0].legs[1].to',
  ],
  [
    "a job waited for that is gone",
    "layers > nfs-mirror > 0",
    undefined,
    'layers["daily-backup"][0].schedule.after[0]',
  ],
  [
    "a firewall's job waited for that is gone",
    `${daily} > firewalls`,
    [],
    'layers["offsite-sync"][0].schedule.after[1]',
  ],
  [
    "generations of a month in folders by week",
    `${daily} > sqlite > keep > every`,
    "month",
    'layers["daily-backup"][0].sqlite.keep',
  ],
  [
    "a pool that declines before it is thinned out",
    "layers > lvm-pvc-snapshot > 0 > guard",
    { thinOut: { metadataPercent: 95 } },
    'layers["lvm-pvc-snapshot"][0].guard.thinOut.metadataPercent',
  ],
  [
    "an expiry that doesn't exist",
    "services > temp > data > 0 > unprotected > expires",
    "2027-02-30",
    "services.temp.data[0].unprotected.expires",
  ],
] as const)("%s (%s = %j) is refused at %s", (_what, at, to, path) => {
  const parse = (): unknown => parseEstate(homelabWith(estate => editAt(estate, at, to)));
  expect(parse).toThrow(EstateInvalid);
  expect(parse).toThrow(`estate.${path}: `);
});
