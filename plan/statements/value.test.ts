import { EstateInvalid, parseEstate } from "..";
import { exampleWith } from "../estate/example";
import { agree, type Fact, readValue } from "./value";

const years = [2026, 2027];
const same = (fact: Fact, a: string, b: string): boolean =>
  agree(readValue(fact, a), readValue(fact, b), years);

test.each([
  ["schedule", "*-*-* 02:00:00", "0 2 * * *", true],
  ["schedule", "*-*-* 00,12:00:00", "*-*-* 00/12:00", true],
  ["schedule", "Sun *-*-* 01:00", "0 1 * * 0", true],
  ["schedule", "*-*-* 00:00:00", "*-*-* 03:00:00", false],
  ["schedule", "Sun *-*-1..7 03:00", "*-*-1..7 03:00", false],
  ["retention", "4 weeks", "28d", true],
  ["retention", "7d", "3d", false],
  ["retention", "unlimited", "7d", false],
  ["retention", "latest", "latest", true],
  ["retention", "5 runs", "5 days", false],
  ["stale-after", "36h", "1d 12h", true],
  ["rpo", "site: 31h", "live-disk: 30h", true],
  ["rpo", "site: 31h", "site: 30h", false],
  ["rpo", "31h", "site: 31h", true],
  ["volume-count", "62", "65", false],
  ["medium", "SSD", "ssd", true],
  ["size", "1.1TB", "1.08TB", true],
  ["size", "1.5TB", "800GB", false],
  ["used", "46%", "70%", false],
  ["used", "46%", "500GB", true],
  ["excludes", "temp, immich", "immich,temp", true],
  ["excludes", "none", "immich", false],
  ["path", "/mnt/backup/", "/mnt/backup", true],
] as const)("%s: %j and %j: both can be true is %s", (fact, a, b, expected) => {
  expect(same(fact, a, b)).toBe(expected);
  expect(same(fact, b, a)).toBe(expected);
});

test.each([
  ["schedule", "Sunn 25:00"],
  ["retention", "a while"],
  ["volume-count", "about 60"],
  ["medium", "tape"],
  ["used", "120%"],
  ["rpo", "fire: 3h"],
] as const)("an estate that states a %s of %j is refused, with the path", (fact, says) => {
  const parse = (): unknown =>
    parseEstate(
      exampleWith(estate => {
        estate.statements = [{ where: "page 1", about: "nfs-mirror", fact, says }];
      }),
    );
  expect(parse).toThrow(EstateInvalid);
  expect(parse).toThrow("estate.statements[0].says");
});
