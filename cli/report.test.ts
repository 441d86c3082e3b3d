import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import type { Context } from "./command";
import { report } from "./commands/report";
import { noonOf } from "./report/moment";
import { reportPage } from "./report/page";
import { pageScript } from "./report/script";
import { parseEstate, planOf } from "../plan";

const noonMs = Date.UTC(2026, 10, 30, 10);

function pageOf(change: (estate: ExampleEstate) => void = () => undefined, asOfMs = noonMs): string {
  return reportPage({ plan: planOf(parseEstate(exampleWith(change))), named: [], asOfMs });
}

function booksWithin20h({ services }: ExampleEstate): void {
  Object.assign(services.books ?? {}, { promise: { rpo: { site: "20h" }, rto: "8h" } });
}

/** The row of a service in the table of losses. */
function rowOf(page: string, service: string): string {
  return new RegExp(`<tr><th scope="row">${service}</th>.*?</tr>`).exec(page)?.[0] ?? "";
}

const all = (page: string, pattern: RegExp): string[] =>
  [...page.matchAll(pattern)].map(([, found = ""]) => found);

test("a page needs nothing else: it links to its own parts alone, and its policy lets in nothing but its own style and script", () => {
  const page = pageOf();
  const ids = all(page, / id="([^"]*)"/g);
  expect(new Set(ids).size).toBe(ids.length);
  for (const reference of all(page, /(?: href="#| for="| aria-labelledby=")([^"]*)"/g))
    expect(ids).toContain(reference);
  expect(all(page, / (?:href|src)="(?!#)([^"]*)"/g)).toEqual([]);
  expect(page).not.toMatch(/@import|url\(| style="| on[a-z]+="/);
  const hash = (text = ""): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const [policy = ""] = all(page, /Content-Security-Policy" content="([^"]*)"/g);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`style-src ${hash(all(page, /<style>(.*?)<\/style>/gs)[0])};`);
  expect(policy).toContain(`script-src ${hash(all(page, /<script>(.*?)<\/script>/gs)[0])};`);
});

test("each table says what its rows and columns are, and each picture has the same in words beside it", () => {
  const page = pageOf();
  expect(all(page, /(<th(?!ead| scope="(?:row|col)")[^>]*>)/g)).toEqual([]);
  expect(all(page, /(<svg(?![^>]* aria-hidden="true")[^>]*>)/g)).toEqual([]);
  expect(page).toContain('<th scope="row">nfs-mirror</th><td class="bar">');
});

test("nothing that an estate says is read as HTML", () => {
  const page = pageOf(({ services }) =>
    Object.assign(services.books?.data[0] ?? {}, {
      unprotected: {
        reason: "</script><img src=x onerror=alert(1)>",
        owner: "a\"b'<b>",
        expires: "2027-06-30",
      },
    }),
  );
  expect(page).toContain("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;");
  expect(page).toContain("a&quot;b'&lt;b&gt;");
  expect(page).not.toMatch(/<img|<b>\./);
});

test("a cell says loss, promise, the worst instant and the way of what is left; a broken promise is told in words", () => {
  expect(pageOf()).toContain("Every promise is kept");
  const page = pageOf(booksWithin20h);
  expect(page).toContain("<b>1 promise is broken.</b>");
  const row = rowOf(page, "books");
  expect(row).toContain(
    '<td class="broken"><details><summary>✗ 29 h 29 min<span class="spoken">, PROMISE BROKEN</span></summary><p>Promised: 20 h at most.',
  );
  expect(row).toMatch(/Worst at <time datetime="2026-10-25T0\d:\d\dZ">2026-10-25 0\d:\d\d<\/time>/);
  expect(row).toContain(
    "Left: pve:/srv/nfs/books on sdc → by nfs-mirror pve:/mnt/backup/books on sda → by offsite-sync-backup nas:/Backup/pve-backup/books.",
  );
  expect(row).toContain('<td class="safe"><span class="spoken">unharmed</span></td>');
});

test("a job that may take nearly until its next run is in the night: it runs once a day all the same", () => {
  const page = pageOf(({ layers }) =>
    Object.assign(layers["nfs-mirror"]?.[0] ?? {}, { budget: "23h 30min" }),
  );
  expect(page.includes('<th scope="row">nfs-mirror</th><td class="bar">')).toBe(true);
  expect(/Not drawn[^<]*nfs-mirror/.test(page)).toBe(false);
});

test("the findings of check are there, with their fixes", () => {
  expect(pageOf()).toContain("No check has found anything");
  const page = pageOf(booksWithin20h);
  expect(page).toMatch(/✗ error<\/span> books <code>promises\/rpo<\/code>.*Fix: Run nfs-mirror/s);
});

test("the table of what is kept is that of the day, and the script's data begins with the same", () => {
  const page = pageOf();
  const counts = all(page, /<table id="generations">(.*?)<\/table>/gs).flatMap(table =>
    all(table, /<\/td><td>(\d+)<\/td>/g),
  );
  const data: unknown = JSON.parse(all(page, /id="keptdata">(.*?)<\/script>/gs)[0] ?? "");
  expect(data).toMatchObject({
    groups: expect.any(Array),
    minutes: expect.arrayContaining([noonMs / 60_000]),
  });
  const { groups } = data as { groups: [number, number, number][][] };
  expect(groups.map(group => String(group.filter(([, first]) => first === 0).length))).toEqual(counts);
  // The mirror of a folder keeps the newest alone, a dump all of 30 days, the one from before its newest run included.
  expect(counts).toEqual(expect.arrayContaining(["1", "31"]));
});

/** What the page's script makes of the table, with no more of a browser than it asks for. */
function byScript(page: string): string[][] {
  const rows = all(page, /<table id="generations">.*?<tbody>(.*?)<\/tbody>/gs).flatMap(body =>
    all(body, /<tr>(.*?)<\/tr>/gs).map(() => ({
      cells: Array.from({ length: 5 }, () => ({ textContent: "" })),
    })),
  );
  const elements: Record<string, unknown> = {
    day: { value: "0", setAttribute: () => undefined, parentElement: {}, addEventListener: () => undefined },
    dayname: {},
    keptdata: { textContent: all(page, /id="keptdata">(.*?)<\/script>/gs)[0] },
    generations: { tBodies: [{ rows }] },
  };
  runInNewContext(pageScript, { document: { getElementById: (id: string) => elements[id] ?? null } });
  return rows.map(({ cells }) => cells.slice(2).map(({ textContent }) => String(textContent)));
}

// In October clocks have gone back: what was read before has the time that they showed then.
test.each(["2026-07-10", "2026-10-27", "2027-03-30"])(
  "with scripts the table of what is kept on %s is the same as without",
  day => {
    const { zone } = parseEstate(exampleWith(() => undefined));
    const page = pageOf(() => undefined, noonOf(Date.parse(`${day}T06:00Z`), zone));
    const written = all(page, /<table id="generations">.*?<tbody>(.*?)<\/tbody>/gs).flatMap(body =>
      all(body, /<tr>(.*?)<\/tr>/gs).map(row => all(row, /<td>([^<]*)<\/td>/g).slice(1)),
    );
    expect(written.length).toBeGreaterThan(3);
    expect(byScript(page)).toEqual(written);
  },
);

test("a day that isn't in the estate's years is told, and all else is there", () => {
  const page = pageOf(() => undefined, Date.UTC(2031, 0, 1, 10));
  expect(page).toContain("The day isn't in the estate's years");
  expect(page).toContain('<th scope="row">nfs-mirror</th>');
});

describe("the file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-report-"));
    writeFileSync(join(folder, "estate.json"), JSON.stringify(exampleWith(() => undefined)));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (nowMs: number, to?: string) =>
    report.run(report.options.parse({ estate: "estate.json", to }), { folder, nowMs } as Context);
  const text = (name = "holdfast-report.html"): string => readFileSync(join(folder, name), "utf8");

  test("is the same to the byte whenever it is made on one day, and another on the next", async () => {
    await write(Date.parse("2026-11-29T22:10:00Z"));
    const first = text();
    await write(Date.parse("2026-11-30T21:50:00Z"));
    expect(text() === first).toBe(true);
    await write(Date.parse("2026-11-30T22:10:00Z"));
    expect(text() === first).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(["estate.json", "holdfast-report.html"]);
  });

  test("is never written over what somebody else has put there, nor through a link", async () => {
    writeFileSync(join(folder, "mine.html"), "<!doctype html>\n<p>mine");
    symlinkSync("mine.html", join(folder, "link.html"));
    for (const name of ["mine.html", "link.html", "estate.json", "."])
      await expect(write(noonMs, name)).rejects.toThrow("stays as it is");
    expect(text("mine.html")).toBe("<!doctype html>\n<p>mine");
    await expect(write(noonMs, "none/report.html")).rejects.toThrow(/can't be written: .*ENOENT/);
  });
});
