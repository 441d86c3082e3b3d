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
import { domains } from "../plan/estate/services";
import { loseAt } from "../plan/graph/lose";
import { formatDuration } from "../plan/units/duration";

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

interface Element {
  value: string;
  textContent: string;
  hidden: boolean;
  rows: { hidden: boolean; cells: Element[] }[];
  /** Gives it a value, as whoever uses the page does. */
  set(value: string | number): void;
  click(): void;
}

/** What the page's script makes of it, with no more of a browser than it asks for. */
function inBrowser(page: string): (id: string) => Element {
  const scripts = new Map(
    [...page.matchAll(/ id="(\w+data)">(.*?)<\/script>/gs)].map(([, id = "", text = ""]) => [id, text]),
  );
  const elementOf = (id: string): Element => {
    const heard = new Map<string, () => void>();
    const [table = ""] = all(page, new RegExp(`<table id="${id}">.*?<tbody>(.*?)</tbody>`, "gs"));
    const rows = all(table, /<tr>(.*?)<\/tr>/gs).map(row => ({
      ...{ hidden: false, className: "" },
      cells: all(row, /<t[hd][^>]*>(.*?)<\/t[hd]>/gs).map(textContent => ({ textContent }) as Element),
    }));
    const [options = ""] = all(page, new RegExp(`<select id="${id}">(.*?)</select>`, "gs"));
    const [chosen] = [...all(options, /value="(\d+)" selected/g), ...all(options, /value="(\w+)"/g)];
    const element = {
      ...{ value: chosen ?? (id === "trywhat" ? "" : "0"), textContent: scripts.get(id) ?? "" },
      ...{ hidden: true, rows, tBodies: [{ rows }], parentElement: {}, closest: () => ({}) },
      setAttribute: () => undefined,
      addEventListener: (event: string, then: () => void) => heard.set(event, then),
      set: (value: string | number) => {
        element.value = String(value);
        heard.get("input")?.();
      },
      click: () => heard.get("click")?.(),
    };
    return element;
  };
  const ids = all(page, / id="([^"]*)"/g).filter(id => id !== "find");
  const elements = new Map(ids.map(id => [id, elementOf(id)]));
  runInNewContext(pageScript, { document: { getElementById: (id: string) => elements.get(id) ?? null } });
  return id => elements.get(id) ?? elementOf(id);
}

function tableOf(element: Element): string[][] {
  return element.rows
    .filter(({ hidden }) => !hidden)
    .map(({ cells }) => cells.map(({ textContent }) => String(textContent)));
}

function writtenIn(page: string): string[][] {
  return all(page, /<table id="generations">.*?<tbody>(.*?)<\/tbody>/gs).flatMap(body =>
    all(body, /<tr>(.*?)<\/tr>/gs).map(row => all(row, /<td>([^<]*)<\/td>/g).slice(1)),
  );
}

// In October clocks have gone back: what was read before has the time that they showed then.
test.each(["2026-07-10", "2026-10-27", "2027-03-30"])(
  "with scripts the table of what is kept on %s is the same as without",
  day => {
    const { zone } = parseEstate(exampleWith(() => undefined));
    const page = pageOf(() => undefined, noonOf(Date.parse(`${day}T06:00Z`), zone));
    const written = writtenIn(page);
    expect(written.length).toBeGreaterThan(3);
    expect(tableOf(inBrowser(page)("generations")).map(row => row.slice(2))).toEqual(written);
  },
);

/** An estate in which each of the jobs whose copies have a rule of their own keeps by one rule. */
const keeping =
  (retention: object) =>
  ({ layers }: ExampleEstate): void => {
    for (const spec of [...layers["cluster-dump"], ...layers["lvm-pvc-snapshot"]])
      Object.assign(spec, { keep: retention });
  };

test.each<[object, number, string]>([
  [{ age: "9d" }, 9, "age"],
  [{ count: 5, every: "run" }, 5, "run"],
  [{ count: 30, every: "hour" }, 30, "hour"],
  [{ count: 12, every: "day" }, 12, "day"],
  [{ count: 7, every: "week" }, 7, "week"],
  [{ count: 4, every: "month" }, 4, "month"],
  // Further back than a year: only periods in which the job has run are counted.
  [{ count: 600, every: "hour" }, 600, "hour"],
])(
  "a rule that is tried in the page, %j, holds what the plan of an edited estate does",
  (rule, count, every) => {
    const { zone } = parseEstate(exampleWith(() => undefined));
    const pageOn = (day: string, change?: (estate: ExampleEstate) => void): string =>
      pageOf(change, noonOf(Date.parse(`${day}T06:00Z`), zone));
    // Clocks go back on 25 October, and forward on 28 March.
    for (const day of ["2026-10-27", "2027-01-10", "2027-03-30"]) {
      const edited = writtenIn(pageOn(day, keeping(rule)));
      const page = pageOn(day);
      const at = inBrowser(page);
      const groups = all(page, /<select id="trywhat">(.*?)<\/select>/gs)
        .flatMap(options => [...options.matchAll(/value="(\d+)">([^<]*):/g)])
        .flatMap(([, value = "", jobs = ""]) =>
          /^(etcd|vault)-backup$|^lvm-pvc-snapshot$/.test(jobs) ? [Number(value)] : [],
        );
      expect(groups.length).toBeGreaterThan(2);
      for (const group of groups) {
        at("trywhat").set(group);
        at("tryevery").value = every;
        at("trycount").set(count);
      }
      const tried = tableOf(at("generations")).map(row => row.slice(2));
      const planned = writtenIn(page);
      expect(
        groups.map(group => [tried[group]?.[0]?.split(",")[0], ...(tried[group] ?? []).slice(1)]),
      ).toEqual(groups.map(group => edited[group]));
      expect(groups.map(group => tried[group]?.[0]?.split(", planned ")[1])).toEqual(
        groups.map(group => planned[group]?.[0]),
      );
      at("tryback").click();
      expect(tableOf(at("generations")).map(row => row.slice(2))).toEqual(planned);
    }
  },
);

// A dump that goes on to a NAS was read before the run that took it there, on the other side of a change of clocks too.
test.each(["2026-10-27", "2027-03-30"])(
  "a rule that is tried as it is planned gives what is planned, on %s, clocks of a job in another zone included",
  day => {
    const { zone } = parseEstate(exampleWith(() => undefined));
    const change = ({ layers }: ExampleEstate): void => {
      for (const spec of layers["lvm-pvc-snapshot"])
        Object.assign(spec.schedule, { zone: "America/St_Johns" });
    };
    const page = pageOf(change, noonOf(Date.parse(`${day}T06:00Z`), zone));
    const written = writtenIn(page);
    const at = inBrowser(page);
    const groups = [
      ...(all(page, /<select id="trywhat">(.*?)<\/select>/gs)[0] ?? "").matchAll(/value="(\d+)"/g),
    ].map(([, value]) => Number(value));
    for (const group of groups) {
      at("trywhat").set(group);
      at("trycount").set(at("trycount").value);
    }
    const tried = tableOf(at("generations")).map(row => row.slice(2));
    expect(groups.map(group => [group, tried[group]])).toEqual(
      groups.map(group => [
        group,
        [`${written[group]?.[0]}, planned ${written[group]?.[0]}`, ...(written[group] ?? []).slice(1)],
      ]),
    );
  },
);

test("what the page says of a disaster at an instant is what lose says of it", () => {
  // Of two that one service has, the one that loses more counts.
  const change = (estate: ExampleEstate): void => {
    booksWithin20h(estate);
    const photos = estate.services.photos?.data.map(each => ({ ...each, name: "photos" })) ?? [];
    estate.services.books?.data.push(...photos);
    delete estate.services.photos;
  };
  const plan = planOf(parseEstate(exampleWith(change)));
  const at = inBrowser(pageOf(change));
  const quarterMs = 900_000;
  for (const [index, domain] of domains.entries())
    for (const step of [0, 1, 46, 47, 63, 64, 300, 672]) {
      at("ifdomain").value = String(index);
      at("ifat").set(step);
      const said = new Map(tableOf(at("whatif")).map(([service, lost]) => [service, lost?.slice(2)]));
      const lost = loseAt(plan, domain, noonMs + step * quarterMs);
      // A dataset that is left out on purpose is lost for good, and nobody is owed it.
      const owed = lost.filter(({ datasets }) => datasets.some(({ leftOut }) => !leftOut));
      expect([domain, step, [...said]]).toEqual([
        ...[domain, step],
        owed.map(({ service, lossMs }) => [service, lossMs === undefined ? "ALL" : formatDuration(lossMs)]),
      ]);
    }
  at("ifdomain").value = String(domains.indexOf("site"));
  at("ifat").set(64);
  expect(at("ifclock").textContent).toBe("2026-12-01 04:00");
  expect(tableOf(at("whatif"))).toContainEqual([
    "books",
    "✗ 26 h",
    "20 h",
    "nfs-mirror > offsite-sync-backup",
  ]);
  expect(at("ifsaid").textContent).toMatch(/services are harmed: \d+ within the promise, 1 beyond it/);
});

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
