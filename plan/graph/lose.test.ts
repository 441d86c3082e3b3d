import { parseEstate, planOf } from "..";
import { type ExampleEstate, exampleWith } from "../estate/example";
import type { Domain } from "../estate/services";
import { loseAt } from "./lose";
import { restoreText } from "./restore-steps";

const hour = 3_600_000;
const minute = 60_000;

function lost(
  service: string,
  domain: Domain,
  at: string,
  change: (estate: ExampleEstate) => void = () => undefined,
) {
  const plan = planOf(
    parseEstate(
      exampleWith(estate => {
        estate.zone = "UTC";
        change(estate);
      }),
    ),
  );
  return loseAt(plan, domain, Date.parse(at)).find(found => found.service === service);
}

function weeklyEtcd(estate: ExampleEstate): void {
  const [etcd] = estate.layers["cluster-dump"];
  if (etcd) etcd.schedule = { cron: "0 1 * * 0" };
}

test("with the live disk gone on a Sunday at 02:19, a weekly dump's copy is a week and 79 minutes old; a minute later, it is new", () => {
  const before = lost("etcd", "live-disk", "2026-11-29T02:19:00Z", weeklyEtcd);
  expect(before?.lossMs).toBe(169 * hour + 19 * minute);
  expect(before?.datasets[0]?.copy).toMatchObject({
    via: ["etcd-backup", "nfs-mirror"],
    where: "pve:/mnt/backup/etcd-backup",
    readMs: Date.parse("2026-11-22T01:00:00Z"),
  });
  expect(lost("etcd", "live-disk", "2026-11-29T02:20:00Z", weeklyEtcd)?.lossMs).toBe(80 * minute);
});

test("tells the newest copy and not the nearest: on the NAS, once the mirror is no more", () => {
  const photos = lost("photos", "live-disk", "2026-11-29T12:00:00Z");
  expect(photos?.datasets[0]).toEqual({
    dataset: "photos",
    bytes: 300e9,
    copy: {
      via: ["offsite-sync-backup"],
      where: "nas:/Backup/nfs/photos",
      readMs: Date.parse("2026-11-29T06:00:00Z"),
      ageMs: 6 * hour,
      // 300 GB at 50 MB a second.
      floorMs: 6_000_000,
      restore: [
        expect.objectContaining({
          kind: "command",
          argv: ["offsite-sync-backup", "restore", "/srv/nfs/photos"],
        }),
      ],
    },
  });
});

test("a service's floor begins with what it needs, counts each link's bytes one after the other, and the way to its far end once", () => {
  // 40 GB of nextcloud and before that 200 MB of etcd, at 50 MB a second from the NAS.
  expect(lost("nextcloud", "host", "2026-11-29T12:00:00Z")?.rtoFloorMs).toBe(800_000 + 4_000);
  const slow = lost("nextcloud", "host", "2026-11-29T12:00:00Z", ({ links }) => {
    const [link] = links;
    if (link) link.latency = "1h";
  });
  expect(slow?.rtoFloorMs).toBe(hour + 804_000);
});

test("a snapshot in the volume's own pool is swapped, and moves no bytes", () =>
  expect(lost("nextcloud", "application", "2026-11-29T12:00:00Z")).toMatchObject({
    // etcd first: 200 MB at 120 MB a second.
    rtoFloorMs: 1_667,
    datasets: [{ copy: { via: ["lvm-pvc-snapshot"], floorMs: 0 } }],
  }));

test("says why there is no floor", () => {
  expect(lost("books", "site", "2026-11-29T12:00:00Z", estate => void (estate.links = []))).toMatchObject({
    rtoUnknown: 'no link between "nas" and "pve"',
  });
  const circle = lost("vault", "host", "2026-11-29T12:00:00Z", ({ services }) => {
    if (services.etcd) services.etcd.needs = ["vault"];
  });
  expect(circle).toMatchObject({ rtoUnknown: "etcd and vault need one another" });
  expect(circle).not.toHaveProperty("rtoFloorMs");
});

test("a time is unknown, and not nothing, where a size or a machine's own speed is", () => {
  const unsized = lost("books", "site", "2026-11-29T12:00:00Z", ({ services }) => {
    Reflect.deleteProperty(services.books?.data[0] ?? {}, "size");
  });
  expect(unsized).toMatchObject({ rtoUnknown: "the size of books isn't known" });
  expect(unsized).not.toHaveProperty("rtoFloorMs");
  expect(unsized?.datasets[0]).not.toHaveProperty("bytes");
  expect(
    lost("books", "live-disk", "2026-11-29T03:00:00Z", ({ links }) => void links.splice(1, 1)),
  ).toMatchObject({ rtoUnknown: 'no link from "pve" to itself' });
});

test("tells of what is left out too, with who answers for it, and counts no copy of it", () => {
  const unprotected = { reason: "too large for the NAS", owner: "viktor", expires: "2027-06-30" };
  const books = lost("books", "site", "2026-11-29T12:00:00Z", ({ services }) => {
    Object.assign(services.books?.data[0] ?? {}, { unprotected });
  });
  expect(books).toMatchObject({ lossMs: undefined, datasets: [{ dataset: "books", leftOut: unprotected }] });
  expect(books?.datasets[0]).not.toHaveProperty("copy");
});

test("has no copy and no age where nothing is left", () => {
  const books = lost("books", "site", "2026-11-29T12:00:00Z", estate => {
    estate.layers["offsite-sync"] = [];
    estate.layers["nas-snapshots"] = [];
  });
  expect(books).toMatchObject({ lossMs: undefined, rtoUnknown: "nothing is left of books" });
  expect(books?.datasets).toEqual([{ dataset: "books", bytes: 100e9 }]);
});

test("leaves out what is unharmed", () =>
  expect(lost("books", "cluster", "2026-11-29T12:00:00Z")).toBeUndefined());

const linesFor = (found: ReturnType<typeof lost>): readonly string[] =>
  restoreText(found?.datasets[0]?.copy?.restore ?? []).split("\n");

test("quotes paths for the shell", () => {
  const books = lost("books", "live-disk", "2026-11-29T12:00:00Z", ({ services }) => {
    const [tree] = services.books?.data ?? [];
    if (tree?.kind === "tree") tree.path = "/srv/nfs/bo'oks a";
  });
  expect(linesFor(books)).toEqual(["# on pve:", `nfs-mirror restore 'bo'\\''oks a'`]);
});
