import { plainOf } from "./noted";
import { churnOf, writtenIn } from "./written";

const uptime = "864000.00 1";
const line = (minor: number, sectors: string): string =>
  ` 253 ${minor} dm-${minor} 1 0 8 1 2 0 ${sectors} 9 0 5 10`;
const since = (minor: number, micros: string): string => `/run/udev/data/b253:${minor}:I:${micros}`;

test("what isn't as the kernel and udev write it, or is there for less than a day, is no measure", () => {
  const written = [
    line(1, "4000"),
    line(2, "-4000"),
    line(3, "4000"),
    line(4, "4000"),
    " 253 5 dm-5",
    line(6, "4e9"),
    line(7, "0"),
  ];
  const known = [
    since(1, "0"),
    since(2, "0"),
    since(3, "777700000000"),
    since(4, "999999999999999"),
    since(6, "0"),
    since(7, "0"),
  ];
  const found = writtenIn({ uptime, written: written.join("\n"), since: known.join("\n") });
  expect([...found]).toEqual([["253:1", { bytes: 2_048_000, days: 10 }]]);
  for (const lacking of [{ uptime: undefined }, { since: undefined }, { uptime: "soon" }])
    expect(writtenIn({ uptime, written: written.join("\n"), since: known.join("\n"), ...lacking }).size).toBe(
      0,
    );
});

test("what several devices have is added, where all of them were measured", () => {
  const [one, other] = [
    { bytes: 10e9, days: 10 },
    { bytes: 4e9, days: 2 },
  ];
  expect(plainOf(churnOf([one, other], "50GB"))).toEqual({ churnPerDay: "3GB" });
  expect(plainOf(churnOf([one, undefined], "50GB"))).toEqual({});
  expect(plainOf(churnOf([], "50GB"))).toEqual({});
  expect(plainOf(churnOf([one, other], "2GB"))).toEqual({ churnPerDay: "2GB" });
});
