import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parseEstate, planOf } from "../plan";
import { exampleEstate, exampleWith } from "../plan/estate/example";
import type { Evaluate } from "./evaluate.mjs";
import { main } from "./main";

let folder: string;
let estateFile: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  estateFile = join(folder, "estate.json");
  writeFileSync(estateFile, JSON.stringify(exampleEstate()));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process and keeps what it prints. */
async function run(
  args: readonly string[],
  evaluate: Evaluate = () => Promise.reject(new Error("no TypeScript here")),
): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const spies = [
    jest.spyOn(process.stdout, "write").mockImplementation(text => out.push(String(text)) > 0),
    jest.spyOn(process.stderr, "write").mockImplementation(text => err.push(String(text)) > 0),
  ];
  try {
    return { exitCode: await main(args, { evaluate, folder }), out: out.join(""), err: err.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** A file with the example estate changed. */
function changed(name: string, change: Parameters<typeof exampleWith>[0]): string {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(exampleWith(change)));
  return file;
}

test.each([["restore"], ["releases", "--help"]])(
  "what %s says to type next is typed as it was by whoever has called by npm run",
  async (...typed) => {
    const [{ npm_lifecycle_event: before }, { argv }] = [process.env, process];
    Object.assign(process, { argv: [argv[0], "/clone/cli/holdfast.mjs"] });
    process.env["npm_lifecycle_event"] = "holdfast";
    try {
      const { err, out } = await run(typed);
      expect(`${out}${err}`).toMatch(/npm run holdfast -- (restore SERVICE|releases )/);
    } finally {
      Object.assign(process, { argv });
      if (before === undefined) delete process.env["npm_lifecycle_event"];
      else process.env["npm_lifecycle_event"] = before;
    }
  },
);

test("check ends with 0 for a sound estate, with 1 for an error, and its JSON has each finding's six fields", async () => {
  expect(await run(["check", "--estate", estateFile])).toMatchObject({ exitCode: 0, err: "" });
  const slack = changed("slack", ({ layers }) =>
    Object.assign(layers["nfs-mirror"][0] ?? {}, { alert: { receiver: "infra", staleAfter: "16d" } }),
  );
  const { exitCode, out } = await run(["check", "--estate", slack, "--json"]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(out)).toEqual([
    {
      code: "schedule/stale-above-promise",
      severity: "error",
      subject: "nfs-mirror",
      message: expect.stringContaining("16 d"),
      fix: expect.any(String),
      evidence: expect.objectContaining({ staleAfterMs: 16 * 86_400_000, missedRuns: expect.any(Number) }),
    },
  ]);
});

/** What GitHub's code scanning asks of a result beside SARIF 2.1.0 itself. */
const scanned = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.int().min(0),
  level: z.enum(["error", "warning"]),
  message: z.strictObject({ text: z.string().min(1) }),
  locations: z
    .array(
      z.strictObject({
        physicalLocation: z.strictObject({
          artifactLocation: z.strictObject({ uri: z.string().regex(/^[\w%.~-]+(\/[\w%.~-]+)*$/) }),
          region: z.strictObject({ startLine: z.int().min(1), startColumn: z.int().min(1) }),
        }),
        logicalLocations: z.array(z.strictObject({ name: z.string() })).length(1),
      }),
    )
    .length(1),
  partialFingerprints: z.strictObject({ "holdfastFinding/v1": z.string().regex(/^[0-9a-f]{32}$/) }),
});

test("findings are printed for code scanning and as annotations too", async () => {
  const slack = changed("slack", ({ layers }) =>
    Object.assign(layers["nfs-mirror"][0] ?? {}, { alert: { receiver: "infra", staleAfter: "16d" } }),
  );
  const sarif = z
    .strictObject({
      $schema: z.url(),
      version: z.literal("2.1.0"),
      runs: z
        .array(
          z.strictObject({
            tool: z.strictObject({
              driver: z.strictObject({
                name: z.literal("holdfast"),
                rules: z.array(
                  z.strictObject({
                    id: z.string(),
                    shortDescription: z.strictObject({ text: z.string().max(1024) }),
                    fullDescription: z.strictObject({ text: z.string().max(1024) }),
                    defaultConfiguration: z.strictObject({ level: z.enum(["error", "warning"]) }),
                  }),
                ),
              }),
            }),
            columnKind: z.literal("utf16CodeUnits"),
            results: z.array(scanned),
          }),
        )
        .length(1),
    })
    .parse(JSON.parse((await run(["check", "--estate", slack, "--format", "sarif"])).out));
  const [scan] = sarif.runs;
  expect(scan?.results.map(({ ruleId, locations }) => [ruleId, locations[0]?.physicalLocation])).toEqual([
    [
      "schedule/stale-above-promise",
      {
        artifactLocation: { uri: "slack.json" },
        region: {
          startLine: 1,
          startColumn: readFileSync(slack, "utf8").indexOf('"alert":{"receiver":"infra","staleAfter"') + 1,
        },
      },
    ],
  ]);
  expect(scan?.tool.driver.rules[scan.results[0]?.ruleIndex ?? -1]?.id).toBe("schedule/stale-above-promise");
  expect((await run(["check", "--estate", slack, "--format", "github"])).out).toMatch(
    /^::error file=slack\.json,line=1,col=\d+,title=schedule\/stale-above-promise nfs-mirror::nfs-mirror alerts when/,
  );
  const quality = z
    .array(
      z.strictObject({
        description: z.string().regex(/^nfs-mirror: nfs-mirror alerts when/),
        check_name: z.literal("schedule/stale-above-promise"),
        fingerprint: z.literal(scan?.results[0]?.partialFingerprints["holdfastFinding/v1"] ?? ""),
        severity: z.literal("major"),
        location: z.strictObject({
          path: z.literal("slack.json"),
          lines: z.strictObject({ begin: z.literal(1) }),
        }),
      }),
    )
    .length(1);
  quality.parse(JSON.parse((await run(["check", "--estate", slack, "--format", "gitlab"])).out));
});

test("code scanning and annotations have a cause with a line of what follows from it, and with --all each finding", async () => {
  const turned = changed("turned", ({ layers }) =>
    Object.assign(layers["nfs-mirror"][0] ?? {}, { source: "/mnt/backup", target: "/srv/nfs" }),
  );
  const printed = async (...flags: string[]): Promise<string> =>
    (await run(["check", "--estate", turned, ...flags])).out;
  const results = (out: string): { ruleId: string; message: { text: string } }[] =>
    JSON.parse(out).runs[0].results;
  const findings: { code: string; follows?: string }[] = JSON.parse(await printed("--json"));
  const causes = findings.filter(({ follows }) => follows === undefined);
  expect(findings.length).toBeGreaterThan(causes.length);

  const folded = results(await printed("--format", "sarif"));
  expect(folded.map(({ ruleId }) => ruleId)).toEqual(causes.map(({ code }) => code));
  const line = new RegExp(` ${findings.length - causes.length} consequences, which go when it is mended`);
  expect(folded[0]?.message.text).toMatch(line);
  expect(results(await printed("--format", "sarif", "--all"))).toHaveLength(findings.length);

  const annotated = (await printed("--format", "github")).trim().split("\n");
  expect(annotated).toHaveLength(causes.length);
  expect(annotated[0]).toMatch(line);
  expect((await printed("--format", "github", "--all")).trim().split("\n")).toHaveLength(findings.length);
});

test("rpo shows each loss beside what is promised, and says what its signs mean", async () => {
  const { out } = await run(["rpo", "--estate", estateFile]);
  expect(out).toContain(" 25 h 19 min / 30 h │");
  expect(out).toContain('"-": nothing is lost; "/": what is promised, "!" where that isn\'t kept.\n');
  const short = changed("short", ({ services }) =>
    Object.assign(services.books ?? {}, { promise: { rpo: { "live-disk": "25h" } } }),
  );
  expect((await run(["rpo", "--estate", short])).out).toContain(" 25 h 19 min / 25 h ! │");
});

test("rpo gives every service and disaster, in seconds", async () => {
  const { exitCode, out } = await run(["rpo", "--estate", estateFile, "--json"]);
  expect(exitCode).toBe(0);
  const losses = z
    .array(
      z.object({
        service: z.string(),
        domain: z.string(),
        worstLossSeconds: z.number().nullable(),
        promisedSeconds: z.number().nullable(),
        via: z.array(z.string()),
        improvement: z
          .object({ job: z.string(), toCalendar: z.string(), worstLossSeconds: z.number() })
          .nullable(),
      }),
    )
    .parse(JSON.parse(out));
  expect(losses).toHaveLength(Object.keys(exampleEstate().services).length * 10);
  expect(losses).toContainEqual({
    service: "books",
    domain: "live-disk",
    worstLossSeconds: (25 * 60 + 19) * 60,
    promisedSeconds: 30 * 3600,
    via: ["nfs-mirror"],
    improvement: null,
  });
});

test("lose names the newest copy that survives, its age and the command that restores it", async () => {
  const words = [
    "lose",
    "--estate",
    estateFile,
    "--domain",
    "live-disk",
    "--at",
    "2026-12-01 05:59",
    "--json",
  ];
  const { exitCode, out } = await run(words);
  expect(exitCode).toBe(0);
  expect(JSON.parse(out)).toContainEqual(
    expect.objectContaining({
      service: "books",
      lossSeconds: (3 * 60 + 59) * 60,
      datasets: [
        expect.objectContaining({
          copy: expect.objectContaining({
            where: "pve:/mnt/backup/books",
            restore: [
              expect.objectContaining({
                where: { kind: "host", name: "pve" },
                argv: ["nfs-mirror", "restore", "books"],
                text: expect.stringContaining("nfs-mirror restore books"),
              }),
            ],
          }),
        }),
      ],
    }),
  );
});

test("plan has every job under its name", async () => {
  const { out } = await run(["plan", "--estate", estateFile, "--json"]);
  expect(
    Object.keys(z.object({ jobs: z.record(z.string(), z.unknown()) }).parse(JSON.parse(out)).jobs).sort(),
  ).toEqual(
    planOf(parseEstate(exampleEstate()))
      .jobs.map(({ name }) => name)
      .sort(),
  );
});

test("plan shows what an edit costs against an earlier estate", async () => {
  const larger = changed("larger", ({ services }) => {
    const [books] = services["books"]?.data ?? [];
    if (books) books.size = "150GB";
  });
  const { out } = await run(["plan", "--estate", larger, "--against", estateFile, "--json"]);
  const { delta } = z
    .object({ delta: z.array(z.object({ name: z.string(), needBytes: z.number() })) })
    .parse(JSON.parse(out));
  expect(delta).toEqual([
    { name: "pve:/srv/nfs", needBytes: 50e9 },
    { name: "pve:/mnt/backup", needBytes: 50e9 },
    { name: "nas", needBytes: 50e9 },
  ]);
});

test.each<[string, readonly string[], RegExp]>([
  [
    "an unknown stack",
    ["check", "--stack", "nowhere"],
    /--stack: "nowhere" is no stack, expected one of .*"homelab"/,
  ],
  ["a file that isn't there", ["rpo", "--estate", "/nowhere.json"], /there is no file "\/nowhere.json"/],
  [
    "an unknown format",
    ["check", "--format", "xml"],
    /^--format: "xml" can't be used, expected one of text, json, sarif, github, gitlab\.$/m,
  ],
  ["both a stack and a file", ["plan", "--stack", "homelab", "--estate", "x"], /exclude one another/],
  ["an unknown command", ["chekc"], /unknown command 'chekc'/],
  [
    "an unknown disaster",
    ["lose", "--domain", "flood", "--at", "05:59"],
    /no disaster, expected one of application/,
  ],
  [
    "an impossible date",
    ["lose", "--domain", "site", "--at", "2026-02-31 05:59"],
    /a date that doesn't exist/,
  ],
  [
    // By its own clocks it is 2028 already.
    "an instant behind the estate's years",
    ["lose", "--domain", "site", "--at", "2027-12-31T23:30:00Z"],
    /--at: "2027-12-31T23:30:00Z" is in 2028, and the estate's years are 2026 to 2027\. Expected .* add 2028/,
  ],
])("%s is bad input: exit 2, one message, no stack trace", async (_, args, message) => {
  const { exitCode, err } = await run(args, () => Promise.resolve({ data: exampleEstate(), said: "" }));
  expect(exitCode).toBe(2);
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^\s+at /m);
});

test("an estate with faults gives all of them, as JSON where asked; one that throws is bad input too", async () => {
  const file = changed("faults", estate => Object.assign(estate, { zone: "Europe/Sofa", hosst: {} }));
  const { exitCode, out, err } = await run(["check", "--estate", file, "--json"]);
  expect(exitCode).toBe(2);
  expect(JSON.parse(out)).toEqual({
    faults: [
      expect.objectContaining({ path: "estate.zone" }),
      expect.objectContaining({ path: "estate.hosst" }),
    ],
  });
  expect(err).toContain("nothing was changed");
  const broken = join(folder, "broken.ts");
  writeFileSync(broken, "");
  expect(
    await run(["check", "--estate", broken], () =>
      Promise.resolve({ problem: "can't be loaded: no lab is up", said: "" }),
    ),
  ).toMatchObject({
    exitCode: 2,
    err: `"${broken}" can't be loaded: no lab is up. Nothing was changed.\n`,
  });
});

test("a relative path begins in the caller's folder", async () => {
  expect(await run(["check", "--estate", "estate.json"])).toMatchObject({ exitCode: 0 });
  const { exitCode, err } = await run(["plan", "--estate", "estate.json", "--against", "earlier.json"]);
  expect([exitCode, err]).toEqual([
    2,
    `--against: there is no file "${join(folder, "earlier.json")}". Expected a TypeScript, JSON or YAML file.\n`,
  ]);
});

test("a service that is pasted twice is bad input: both lines, and which would be lost", async () => {
  const file = join(folder, "doubled.json");
  const text = JSON.stringify(exampleEstate(), undefined, 1);
  writeFileSync(file, text.replace('"books": {', '"books": { "data": [] },\n"books": {'));
  const { exitCode, err } = await run(["check", "--estate", file]);
  expect(exitCode).toBe(2);
  expect(err).toMatch(/estate\.services\.books: "books" is there twice, in line \d+ and in line \d+/);
});

test("says its version", async () =>
  expect(await run(["--version"])).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  }));

test("nothing of an estate's text or a flag acts on a terminal", async () => {
  const hostile = changed("hostile", ({ waivers }) =>
    waivers.push({
      code: "a/b",
      subject: "\u001b[2Jx",
      reason: "a reason long enough",
      owner: "\u202eme",
      expires: "2027-01-01",
    }),
  );
  const { err, exitCode } = await run(["check", "--estate", hostile]);
  expect([exitCode, err]).toEqual([2, expect.stringContaining('"\\u001b[2Jx" has the character U+001B')]);
  expect((await run(["check", "--estate", "\u001b[2J"])).err).toContain("\\u001b[2J");
});

test("explain says what a field is without an estate, in words or as its JSON schema, and ends with 2 for one that isn't there", async () => {
  expect(await run(["explain", "zone"])).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^zone: text, has to be there\nIANA time zone/) as string,
  });
  const { out } = await run(["explain", "hosts.pve.ssh.port", "--json"]);
  expect(JSON.parse(out)).toMatchObject({ type: "integer", default: 22 });
  expect(await run(["explain", "hots"])).toMatchObject({
    exitCode: 2,
    out: "",
    err: expect.stringContaining('Did you mean "hosts"?') as string,
  });
});
