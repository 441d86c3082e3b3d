import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { manyServices } from "../../bench/many-services";
import { reportPage } from "../../cli/report/page";
import { parseEstate, planOf } from "../../plan";
import { exampleWith } from "../../plan/estate/example";
import { long, testLong } from "../long";

// In npm test, cli/report.test.ts holds the page's structure.
let browser: Browser;
let folder: string;
beforeAll(async () => {
  if (!long) return;
  folder = mkdtempSync(join(tmpdir(), "holdfast-browser-"));
  browser = await chromium.launch({ executablePath: installed("chromium"), args: ["--no-sandbox"] });
});
afterAll(async () => {
  if (!long) return;
  await browser.close();
  rmSync(folder, { recursive: true });
});

function installed(program: string): string {
  for (const path of (process.env["PATH"] ?? "").split(delimiter).map(each => join(each, program)))
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  throw new Error(`${program} can't be found. Next: apt-get install ${program}`);
}

/** A sound estate but for one broken promise: each kind of cell, and a finding. */
const estate = exampleWith(({ services }) => {
  Object.assign(services.books ?? {}, { promise: { rpo: { site: "20h" }, rto: "8h" } });
});

async function opened(of: unknown, options: BrowserContextOptions = {}): Promise<Page> {
  const file = join(folder, "report.html");
  const asOfMs = Date.UTC(2026, 10, 30, 10);
  writeFileSync(file, reportPage({ plan: planOf(parseEstate(of)), named: [], asOfMs }));
  const page = await (await browser.newContext({ offline: true, ...options })).newPage();
  page.on("pageerror", error => {
    throw error;
  });
  await page.goto(pathToFileURL(file).href);
  return page;
}

/** Faults that axe finds, contrast among them, with the first place of each. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: readFileSync(require.resolve("axe-core/axe.min.js"), "utf8") });
  const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

const widthOver = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

for (const colorScheme of ["light", "dark"] as const)
  testLong(`axe finds nothing in the ${colorScheme} page, its cells opened or not`, async () => {
    const page = await opened(estate, { colorScheme, bypassCSP: true });
    expect(await faultsOf(page)).toEqual([]);
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })");
    expect(await faultsOf(page)).toEqual([]);
  });

testLong("on a telephone of 80 mm and on paper nothing is wider than the page", async () => {
  const phone = await opened(estate, { viewport: { width: 302, height: 640 } });
  expect(await widthOver(phone)).toBe(0);
  const paper = await opened(estate, { viewport: { width: 718, height: 1000 }, colorScheme: "dark" });
  await paper.emulateMedia({ media: "print" });
  expect(await widthOver(paper)).toBe(0);
  expect(await paper.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe(
    "rgb(255, 255, 255)",
  );
});

testLong("without scripts a cell opens by keyboard, and what needs a script isn't there", async () => {
  const page = await opened(estate, { javaScriptEnabled: false });
  const cell = page.locator("table.heat tr", { hasText: "books" }).locator("summary", { hasText: "✗" });
  await cell.focus();
  await page.keyboard.press("Enter");
  expect(await page.locator("table.heat details[open]").innerText()).toContain("Promised: 20 h at most.");
  expect(await page.locator("#day").isVisible()).toBe(false);
  expect(await page.locator("#find").isVisible()).toBe(false);
  expect(await page.locator("#whatif").isVisible()).toBe(false);
  expect(await page.locator("#trywhat").isVisible()).toBe(false);
  expect(await page.locator("#generations tbody tr").count()).toBeGreaterThan(5);
});

testLong("the slider shows another day by keyboard, as the plan has it", async () => {
  const page = await opened(estate);
  const row = page.locator("#generations tbody tr", { hasText: "etcd-backup" }).first();
  expect(await row.innerText()).toContain("31\t2026-11-30 01:00, 11 h old");
  await page.locator("#day").press("End");
  expect(await page.locator("#dayname").innerText()).toBe("2027-01-30");
  expect(await row.innerText()).toContain("31\t2027-01-30 01:00, 11 h old\t2026-12-31 01:00, 30 d 11 h old");
});

testLong(
  "another rule is tried by keyboard, and a disaster at another hour, as the plan has them",
  async () => {
    const page = await opened(estate);
    const row = page.locator("#generations tbody tr", { hasText: "etcd-backup" }).first();
    await page.locator("#trywhat").selectOption({ index: 0 });
    expect(await page.locator("#trycount").inputValue()).toBe("30");
    await page.locator("#trycount").fill("7");
    expect(await row.innerText()).toContain("8, planned 31\t2026-11-30 01:00, 11 h old\t2026-11-23 01:00");
    await page.locator("#tryback").press("Enter");
    expect(await row.innerText()).toContain("31\t2026-11-30 01:00, 11 h old");
    await page.locator("#ifat").press("End");
    expect(await page.locator("#ifclock").innerText()).toBe("2026-12-07 12:00");
    await page.locator("#ifdomain").selectOption("nas");
    expect(await page.locator("#ifsaid").innerText()).toMatch(/^0 services are harmed/);
    expect(await page.locator("#whatif tbody tr:visible").count()).toBe(0);
  },
);

testLong("a thousand services can be searched", async () => {
  const page = await opened(manyServices(1000));
  await page.locator("#find").fill("service-77");
  expect(await page.locator("#found").innerText()).toBe("11 of 1000");
  expect(await page.locator("table.heat tbody tr:visible").count()).toBe(11);
});
