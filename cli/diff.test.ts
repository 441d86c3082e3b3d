import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExampleEstate, exampleEstate, exampleWith } from "../plan/estate/example";
import { diff } from "./commands/diff";
import { editPart } from "./diff/edits";
import { asText } from "./diff/print";
import type { Estate } from "../plan";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-diff-"));
  writeFileSync(join(folder, "old.json"), JSON.stringify(exampleEstate()));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Format = "text" | "markdown" | "json";

async function told(
  change: (estate: ExampleEstate) => void,
  format: Format = "json",
  [old, current] = ["old.json", "new.json"],
): Promise<{ exitCode: number; text: string }> {
  writeFileSync(join(folder, "new.json"), JSON.stringify(exampleWith(change)));
  return diff.run(
    { old: old ?? "", new: current, format, json: false },
    {
      ...{ folder, nowMs: Date.UTC(2026, 10, 1), terminal: false },
      evaluate: () => Promise.reject(new Error("no TypeScript here")),
      say: () => undefined,
      ask: undefined,
    },
  );
}

async function facts(change: (estate: ExampleEstate) => void): Promise<Record<string, unknown>> {
  const { exitCode, text } = await told(change);
  return { exitCode, ...(JSON.parse(text) as object) };
}

const mirrorWeekly = ({ layers }: ExampleEstate): void => {
  Object.assign(layers["nfs-mirror"][0] ?? {}, {
    schedule: { onCalendar: "Sun *-*-* 02:00:00" },
    promise: { rpo: "8d" },
  });
};

test("an estate that is the same is told in one line", async () => {
  expect(await told(() => undefined, "text")).toEqual({
    exitCode: 0,
    text: "old.json → new.json: nothing changed.",
  });
  expect(await told(() => undefined, "markdown")).toMatchObject({ exitCode: 0 });
  expect(await facts(() => undefined)).toMatchObject({ changed: false, worse: false, edits: [], losses: [] });
});

test("a job that runs less often breaks promises, and each consequence is told", async () => {
  const found = await facts(mirrorWeekly);
  expect(found).toMatchObject({ exitCode: 1, worse: true });
  expect(found["promises"]).toContainEqual(
    expect.objectContaining({ service: "books", of: "live-disk", says: "BROKEN", worse: true }),
  );
  expect(found["findings"]).toContainEqual(expect.objectContaining({ change: "new", code: "promises/rpo" }));
  expect(found["losses"]).toContainEqual(
    expect.objectContaining({
      ...{ service: "books", domain: "live-disk" },
      before: { worstLossSeconds: expect.any(Number), text: expect.stringMatching(/ h/) },
      after: { worstLossSeconds: expect.any(Number), text: expect.stringMatching(/^7 d/) },
    }),
  );
  expect(found["jobs"]).toContainEqual({
    ...{ job: "nfs-mirror", what: "when" },
    after: "Sun *-*-* 02:00:00 Europe/Sofia",
    before: expect.stringMatching(/^\*-\*-\* /),
  });
  expect(found["alerts"]).toContainEqual(
    expect.objectContaining({ alert: "NfsMirrorStale", of: "nfs-mirror", what: "fires when" }),
  );
  const [{ exitCode, text }, again] = [await told(mirrorWeekly, "text"), await told(mirrorWeekly, "text")];
  expect(exitCode).toBe(1);
  expect(text).toMatch(/NfsMirrorStale +nfs-mirror +fires when +\d+ → \d+$/m);
  expect(text).toMatch(/^Something is worse that was promised: see Promises, /m);
  expect(again.text).toBe(text);
});

test("the way back is told as better, and ends with 0", async () => {
  await told(mirrorWeekly);
  const { exitCode, text } = await told(mirrorWeekly, "text", ["new.json", "old.json"]);
  expect(exitCode).toBe(0);
  expect(text).toMatch(/books +live-disk .* kept again$/m);
  expect(text).toMatch(/^ {2}gone +error +promises\/rpo/m);
});

test("less promised is worse though the plan stays, and more is not", async () => {
  const promised = (promise: object) => (estate: ExampleEstate) => {
    const { books } = estate.services;
    Object.assign(books ?? {}, { promise: { ...books?.promise, ...promise } });
  };
  const within = (liveDisk: string): ReturnType<typeof promised> =>
    promised({ rpo: { ...exampleEstate().services.books?.promise?.rpo, "live-disk": liveDisk } });
  expect(await facts(within("40h"))).toMatchObject({
    ...{ exitCode: 1, losses: [], jobs: [] },
    promises: [{ service: "books", of: "live-disk", says: "less is promised" }],
  });
  expect(await facts(within("29h"))).toMatchObject({
    exitCode: 0,
    promises: [{ says: "more is promised, kept", worse: false }],
  });
  expect(await facts(promised({ rto: undefined }))).toMatchObject({
    exitCode: 1,
    promises: [{ of: "time to be back", after: null, says: "withdrawn" }],
  });
});

test("room, and how long a restore takes, are told where only a size changes", async () => {
  const found = await facts(({ services, links }) => {
    Object.assign(services.books?.data[0] ?? {}, { size: "60GB", growthPerDay: "1GB" });
    for (const link of links) link.bandwidth = "30MB";
  });
  expect(found["capacity"]).toContainEqual(
    expect.objectContaining({
      store: "pve:/mnt/backup",
      before: expect.objectContaining({ daysToFull: null }),
      after: expect.objectContaining({ daysToFull: expect.any(Number) }),
    }),
  );
  expect(found["restores"]).toContainEqual(
    expect.objectContaining({ service: "books", domain: "application", before: expect.anything() }),
  );
});

test("what has no effect on the plan is told as an edit all the same, and an entry that was put in moves no other", async () => {
  const { exitCode, text } = await told(({ hosts, links }) => {
    Object.assign(hosts.pve ?? {}, { address: "10.0.0.9" });
    links.unshift({ from: "nas", to: "pve", bandwidth: "50MB" });
  }, "text");
  expect(exitCode).toBe(0);
  expect(text).toMatch(/estate\.hosts\.pve\.address +pve\.example +10\.0\.0\.9$/m);
  expect(text.match(/estate\.links/g)).toHaveLength(1);
});

test("one of two entries that say the same, and a store of which nobody knows any more when it is full, are told", async () => {
  const paths = ["/etc/hosts", "/etc/hosts"];
  const edits = (before: object, after: object): unknown => editPart(before as Estate, after as Estate).json;
  expect(edits({ paths }, { paths: paths.slice(1) })).toEqual([
    { path: "estate.paths[1]", before: "/etc/hosts", after: null },
  ]);
  const { capacity } = await facts(({ services }) => {
    Reflect.deleteProperty(services.books?.data[0] ?? {}, "growthPerDay");
  });
  expect(capacity).toContainEqual(
    expect.objectContaining({
      store: "nas",
      before: expect.objectContaining({ full: "never" }),
      after: expect.objectContaining({ full: "unknown" }),
    }),
  );
});

test("a text of an estate makes no line of its own", () => {
  const part = { title: "Edited", key: "edits", head: ["field"], json: [], isWorse: true };
  const text = asText({ old: "a", new: "b", parts: [{ ...part, rows: [["x\n\nNothing is worse."]] }] });
  expect(text).toMatch(/^ {2}x Nothing is worse\.$/m);
});

test("of two hosts with a job of one name, each is told with its host, also where only one estate has both", async () => {
  const found = await facts(estate => {
    const { pve } = estate.hosts;
    const [mirror] = estate.layers["nfs-mirror"];
    if (pve === undefined || mirror === undefined) throw new Error("the example has a mirror");
    estate.hosts["pve2"] = { ...pve, address: "pve2.example" };
    estate.layers["nfs-mirror"].push({ ...mirror, host: "pve2", budget: "3h" });
    mirror.budget = "5h";
  });
  const jobs = (found["jobs"] as { job: string; what: string }[]).map(({ job, what }) => `${job} ${what}`);
  expect(jobs).toContain("nfs-mirror@pve budget");
  expect(jobs).toContain("nfs-mirror@pve2 added");
  expect(jobs.filter(job => job.startsWith("nfs-mirror "))).toEqual([]);
});

test("a text of an estate is no markup on a page", async () => {
  const { text } = await told(({ monitoring }) => {
    monitoring.runbooks = "https://a.example/_x_|y";
  }, "markdown");
  expect(text).toContain("https://a.example/\\_x\\_\\|y |");
});

test("a text of an estate calls nobody to a request", async () => {
  const { text } = await told(({ monitoring }) => {
    monitoring.runbooks = "https://a.example/@all";
  }, "markdown");
  // What is between, nobody sees, and no forge takes for a name.
  expect(text).toContain("https://a.example/@&#8203;all |");
  expect(text).not.toMatch(/@\w/);
});
