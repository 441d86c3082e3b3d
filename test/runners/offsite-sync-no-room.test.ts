import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMemory } from "../../host-scripts/offsite-sync/memory";
import { openSegment } from "../../host-scripts/runtime/journal";
import { readDebt } from "../../host-scripts/runtime/journal-consumer";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { inTime, testLong } from "../long";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";

/*
 * The host's own disk gets full: what a run notes (its state, and how far it is in a writer's journal) lies on one of memory here, of
 * which each file takes a page, and the textfiles on another one.
 */
let world: OffsiteWorld;
let own: Pick<OffsiteSyncConfig, "stateDir" | "textfile" | "legsTextfile" | "legs">;
const disks = ["noted", "told"] as const;
const names: string[] = [];

beforeAll(async () => {
  world = await createOffsiteWorld();
  const [noted, told] = disks.map(disk => join(world.folder, disk)) as [string, string];
  for (const disk of [noted, told]) {
    mkdirSync(disk);
    await world.inside("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk);
  }
  const [leg] = world.config.legs;
  if (!leg) throw new Error("it has no leg");
  own = {
    stateDir: join(noted, "state"),
    textfile: join(told, "offsite.prom"),
    legsTextfile: join(told, "offsite-legs.prom"),
    legs: [
      {
        ...leg,
        journals: leg.journals.map(journal => ({ ...journal, folder: join(noted, "writer") })),
        // A memory of three pages, which don't fit where a cursor does.
        generations: Array.from({ length: 50 }, (_, index) => ({
          folder: `${index}-${"volumes".repeat(28)}`,
          keeps: 2,
        })),
      },
    ],
  };
  mkdirSync(join(world.backup, "books"));
  put("first");
  expect((await run()).status).toBe(0);
});
afterAll(() => world.close());

const here = (path: string): string => world.outside(join(world.folder, path));

function put(...these: readonly string[]): void {
  names.push(...these);
  const segment = openSegment(here("noted/writer"), "paths");
  for (const name of these) {
    writeFileSync(join(world.backup, "books", name), `content of ${name}`);
    segment.add(Buffer.from(`books/${name}`));
  }
  segment.promote();
}

const run = () => world.start([], {}, own).finished;

function isThere(name: string): boolean {
  try {
    const file = world.far.outside(join(world.far.tree, "pve-backup/books", name));
    return readFileSync(file, "utf8") === `content of ${name}`;
  } catch {
    return false;
  }
}

/** Names that aren't there, and of which nobody knows that they are owed. */
function forgotten(): string[] {
  const { stamps } = readMemory({ stateDir: here("noted/state") });
  const stamp = stamps[join(world.folder, "noted/writer")];
  const { whole, paths } = readDebt(here("noted/writer"), world.config.job, stamp);
  return names.filter(name => whole === undefined && !paths.has(`books/${name}`) && !isThere(name));
}

const pushed = (pattern: RegExp): string | undefined =>
  world.pushes.received.map(({ body }) => pattern.exec(body)?.[1]).findLast(value => value !== undefined);
const lastStatus = /^offsite_sync_last_status (\d+)$/m;
const lastSuccess = /^offsite_sync_last_success_timestamp (\d+)$/m;

/** What rsync is asked for when the disk gets full, and which file then finds no room. */
const moments = [
  // Before it knows whose destination it is. What rsync says of that is about this host.
  {
    what: "the destination's mark",
    asks: "*/far.json",
    isFirst: true,
    pages: 0,
    says: /state" has no room for the mark of nas/,
  },
  // When it notes in the journal that the destination has all, and when it remembers that it did.
  { what: "a cursor", asks: "*--checksum -- ./*", isFirst: false, pages: 0, says: /writer\/cursors/ },
  { what: "its memory", asks: "*--checksum -- ./*", isFirst: false, pages: 1, says: /state\/memory/ },
  // At its first step, and once all is sent.
  { what: "its state", asks: undefined, isFirst: true, pages: 0, says: /state\/running/ },
  { what: "checksums", asks: "*--partial-dir*", isFirst: false, pages: 0, says: /state\/sums/ },
] as const;

test.each(inTime(2, moments))(
  "a disk of the host's own that is full when a run writes $what is named, and nothing is forgotten",
  async ({ what, asks, isFirst, pages, says }) => {
    const before = pushed(lastSuccess);
    put(...Array.from({ length: 100 }, (_, index) => `${index} before ${what}`));
    const filler = join(world.folder, "noted/filler");
    // What it wrote for the destination's record is about to go: not for what comes then.
    const fill = [
      `rm -rf ${own.stateDir}/skeleton`,
      `dd if=/dev/zero of=${filler} bs=4096 2>/dev/null`,
      `truncate -s -${pages * 4096} ${filler}`,
    ].join(";");
    if (asks === undefined) await world.inside("sh", "-c", `${fill}; true`);
    else
      world.shadow(
        "rsync",
        `case "$*" in ${asks.replaceAll(" ", "\\ ")}) ${isFirst ? fill : ":"}; REAL "$@"; ended=$?; ${isFirst ? ":" : fill}; exit $ended;; esac; exec REAL "$@"`,
      );
    const { status, stdout, stderr } = await run();
    const said = stdout + stderr;
    if (asks !== undefined) world.unshadow("rsync");
    rmSync(here("noted/filler"));
    expect({ status, said }).toEqual({ status: 1, said: expect.stringMatching(says) as string });
    const told = /Next: df -h (\S+); df -i \1 {3}\(then make room there\)/.exec(said)?.[1];
    expect(told).toMatch(new RegExp(`^${join(world.folder, "noted")}/`));
    expect([pushed(lastStatus), pushed(lastSuccess), forgotten()]).toEqual(["1", before, []]);
    const again = await run();
    expect([again.status, names.filter(name => !isThere(name))]).toEqual([0, []]);
    expect(pushed(lastStatus)).toBe("0");
  },
);

// What doesn't take it at all is tried with the mirror.
testLong("a run whose end finds no room for its textfile is no success, whatever it has done", async () => {
  const before = pushed(lastSuccess);
  put("told nobody");
  await world.inside(
    "sh",
    "-c",
    `dd if=/dev/zero of=${join(world.folder, "told/filler")} bs=4096 2>&1 || true`,
  );
  const { status, stdout, stderr } = await run();
  rmSync(here("told/filler"));
  expect([status, stdout + stderr]).toEqual([1, expect.stringContaining(own.textfile)]);
  expect(stdout + stderr).toContain(`Next: df -h ${own.textfile} ${own.stateDir}`);
  expect([pushed(lastStatus), pushed(lastSuccess), forgotten()]).toEqual(["1", before, []]);
  const again = await run();
  expect([again.status, names.filter(name => !isThere(name))]).toEqual([0, []]);
});
