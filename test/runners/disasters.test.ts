import { createHouse, type House, type Service } from "./support/house";

// Disasters, played on disks, a NAS and programs that are real, one after the other in one house: what `holdfast lose` predicts for the
// instant at which each strikes, and what comes back by what it prints, agree to the minute for every service.

let house: House;
/** Instants at which each service has written what it still has, the earliest first. */
const written: Record<Service, string[]> = { books: [], photos: [] };
const services = ["books", "photos"] as const;

/** A day that is yet to come: no run is older than the files that it reads, of which the kernel has the time. */
const first = Date.parse(`${new Date().toISOString().slice(0, 10)}T00:00:00Z`) + 2 * 86_400_000;
/** Of a day of the estate, whose zone is UTC. */
const at = (day: number, time: string, laterMs = 0): string =>
  new Date(first + day * 86_400_000 + Date.parse(`1970-01-01T${time}:00Z`) + laterMs).toISOString();
const minute = 60_000;

beforeAll(async () => {
  house = await createHouse();
});
afterAll(() => house.close());

/** Every service writes, a minute before a job's run and a minute after it has begun. */
async function runs(job: string, day: number, time: string): Promise<void> {
  everyWrites(at(day, time, -minute));
  await house.run(job, at(day, time));
  everyWrites(at(day, time, minute));
}

function everyWrites(instant: string): void {
  for (const service of services) {
    house.write(service, instant);
    written[service].push(instant);
  }
}

// The hours of the estate's calendars.
const mirrors = (day: number): Promise<void> => runs("nfs-mirror", day, "02:00");
const sends = (day: number): Promise<void> => runs("offsite-sync-backup", day, "06:00");

/**
 * Takes what a disaster takes, and brings back what it harmed by what is printed.
 * @returns by service, the jobs of the copy that was predicted to be the newest, and since when all that was written was to be lost
 */
async function strikes(
  domain: string,
  instant: string,
  take: () => Promise<void>,
): Promise<Record<string, string>> {
  const predicted = await house.lose(domain, instant);
  await take();
  for (const [service, lost] of predicted) {
    await house.type(lost.restore.map(({ text }) => text).join("\n"), instant);
    const isBack = (each: string): boolean => Date.parse(each) <= Date.parse(lost.readAt);
    // What was written a minute before is to be there, and what was a minute later isn't: else the instant isn't the predicted one.
    const [lastBack, firstLost] = [
      written[service].findLast(isBack),
      written[service].find(each => !isBack(each)),
    ];
    expect(
      [lastBack, firstLost].map(each => Math.abs(Date.parse(each ?? "") - Date.parse(lost.readAt))),
    ).toEqual([minute, minute]);
    expect({ service, written: house.written(service) }).toEqual({
      service,
      written: written[service].filter(isBack),
    });
    written[service] = house.written(service);
  }
  for (const service of services) expect(house.written(service)).toEqual(written[service]);
  return Object.fromEntries(
    [...predicted].map(([service, { via, readAt }]) => [service, `${via.join(" > ")} of ${readAt}`]),
  );
}

test("the live disk is gone: what the backup disk has comes back from there, and the rest from the NAS", async () => {
  await mirrors(0);
  await sends(0);
  await mirrors(1);
  expect(await strikes("live-disk", at(1, "05:30"), () => house.replaceDisk("live"))).toEqual({
    books: `nfs-mirror of ${at(1, "02:00")}`,
    photos: `offsite-sync-backup of ${at(0, "06:00")}`,
  });
});

test("the site is gone: on an empty machine, the break-glass set and the NAS bring all back", async () => {
  await mirrors(2);
  await sends(2);
  expect(await strikes("site", at(2, "07:00"), () => house.replaceHost())).toEqual({
    books: `nfs-mirror > offsite-sync-backup of ${at(2, "02:00")}`,
    photos: `offsite-sync-backup of ${at(2, "06:00")}`,
  });
});

/** A run that can't end well. @returns what it says */
async function fails(job: string, instant: string): Promise<string> {
  const said = await house.run(job, instant).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  if (said === undefined) throw new Error(`${job} ended well at ${instant}`);
  return said;
}

/** A run that finds an empty disk or NAS in the place of its own: what it prints for that is typed. */
async function accepts(job: string, instant: string): Promise<void> {
  const [, accepted = ""] =
    /if it is meant to be the \w+(?: \w+)? from now on.*?: (.*)\)$/m.exec(await fails(job, instant)) ?? [];
  expect(accepted).not.toBe("");
  await house.type(accepted, instant);
}

test("the NAS is gone, and then the backup disk: no service is harmed, an alert says so from the next run on, and further runs make anew what brings all back, once somebody has said that the new ones are meant", async () => {
  await mirrors(3);
  await sends(3);
  expect(await strikes("nas", at(3, "12:00"), () => house.takeNas())).toEqual({});
  expect(await house.firing(at(3, "12:00"))).toEqual([]);
  await mirrors(4);
  await fails("offsite-sync-backup", at(4, "05:00"));
  expect(await house.firing(at(4, "05:00"))).toEqual(["OffsiteSyncBackupFailing"]);
  house.bringNas();
  await accepts("offsite-sync-backup", at(4, "05:10"));
  await sends(4);
  expect(await house.firing(at(4, "06:00"))).toEqual([]);
  expect(await strikes("backup-disk", at(4, "12:00"), () => house.replaceDisk("backup"))).toEqual({});
  await accepts("nfs-mirror", at(5, "01:00"));
  expect(await house.firing(at(5, "01:00"))).toEqual(["NfsMirrorFailing"]);
  await mirrors(5);
  expect(await house.firing(at(5, "02:00"))).toEqual([]);
  expect(await strikes("live-disk", at(5, "05:30"), () => house.replaceDisk("live"))).toEqual({
    books: `nfs-mirror of ${at(5, "02:00")}`,
    photos: `offsite-sync-backup of ${at(4, "06:00")}`,
  });
});
