import { type Grammar, parseRunnerArguments, runHelp } from "./arguments";
import { RunnerError } from "./errors";

const way = { usage: "[WHAT]", does: "…", run: () => Promise.reject(new Error("not asked for")) };
const ways: Grammar["ways"] = {
  list: way,
  versions: () => ({ versions: [] }),
  verify: way,
  restore: { ...way, usage: "WHAT [PART]", words: [1, 2], switches: { databases: "only those" } },
};
const accepts = { what: "NAME", why: "it is meant so" };
const parse = (...words: readonly string[]) =>
  parseRunnerArguments("job", ["--config", "c.json", ...words], { ways, accepts });

test.each([
  [[], { mode: "run" }],
  [["run", "--progress"], { mode: "run", progress: true }],
  [["--dry-run"], { mode: "dry-run" }],
  [["run", "--dry-run", "--json"], { mode: "dry-run", json: true }],
  [["--check-config"], { mode: "check-config" }],
  [["--report-end"], { mode: "report-end" }],
  [["--unfinished"], { mode: "unfinished" }],
  [["--accept=a", "--accept", "b"], { mode: "run", accept: ["a", "b"] }],
])("%j asks for a run: %j", (words, run) => {
  expect(parse(...words)).toMatchObject({ config: "c.json", ...run });
});

test.each([
  [["list"], { verb: "list", request: {} }],
  [["list", "ns/claim", "--json"], { verb: "list", request: { what: "ns/claim" } }],
  [["list", "--versions", "--json"], { verb: "versions" }],
  [["verify", "ns/claim"], { verb: "verify", request: { what: "ns/claim" } }],
  [["restore", "a"], { verb: "restore", request: { what: ["a"], dryRun: false, switches: new Set() } }],
  [["restore", "a", "b", "--dry-run"], { verb: "restore", request: { what: ["a", "b"], dryRun: true } }],
  [["restore", "a", "--databases"], { verb: "restore", request: { switches: new Set(["databases"]) } }],
  [
    ["restore", "a", "--at", "2026-05-26T03:00:00Z", "--into", "/root/back/"],
    { verb: "restore", request: { atMs: Date.UTC(2026, 4, 26, 3) + 999, into: "/root/back" } },
  ],
])("%j asks for one of the ways: %j", (words, asked) => {
  expect(parse(...words)).toMatchObject({ mode: "way", asked });
});

const withDeletion: Grammar = { ways: { list: way, delete: { ...way, usage: "NAME..." } } };

test("what a dry run can tell of an answer, it takes one for", () => {
  const grammar: Grammar = { accepts: { ...accepts, inDryRun: true } };
  const argv = ["--config", "c.json", "--accept=x"];
  expect(parseRunnerArguments("job", [...argv, "--dry-run"], grammar)).toMatchObject({
    mode: "dry-run",
    accept: ["x"],
  });
  expect(() => parseRunnerArguments("job", [...argv, "--unfinished"], grammar)).toThrow(
    "can't be given with --unfinished",
  );
});

test("a run of some of it alone is asked for by name, of a runner that has names for that", () => {
  const grammar: Grammar = { only: { what: "TIER", why: "those now" } };
  const argv = ["--config", "c.json", "--only=a", "--only=b:c"];
  expect(parseRunnerArguments("job", ["run", ...argv], grammar)).toMatchObject({
    mode: "run",
    only: ["a", "b:c"],
  });
  expect(parseRunnerArguments("job", [...argv, "--dry-run"], grammar)).toMatchObject({ mode: "dry-run" });
  expect(() => parseRunnerArguments("job", [...argv, "--report-end"], grammar)).toThrow(
    "--only can't be given with --report-end",
  );
  expect(() => parse("--only=a")).toThrow("Unknown option '--only'");
});

test("a runner that deletes by name is asked so, and needs a name", () => {
  const words = (...argv: string[]) =>
    parseRunnerArguments("job", ["--config", "c.json", ...argv], withDeletion);
  const asked = { verb: "delete", request: { what: ["a", "b"], dryRun: true } };
  expect(words("delete", "a", "b", "--dry-run")).toMatchObject({ mode: "way", asked });
  expect(() => words("delete")).toThrow("delete needs NAME...; see: list");
  expect(() => words("list", "--versions")).toThrow("Unknown option '--versions'");
  expect(() => parse("delete", "a")).toThrow('there is no "delete"');
});

test.each([
  [["restor", "a"], 'there is no "restor"; expected run, list, verify or restore'],
  [["run", "a"], 'run takes no "a"'],
  [["list", "a", "b"], 'list takes no "b"'],
  [["list", "a", "--versions"], 'list --versions takes no "a"'],
  [["verify", "--versions"], "--versions goes with list alone"],
  [["verify", "a", "b"], 'verify takes no "b"'],
  [["restore"], "restore needs WHAT [PART]; see: list"],
  [["restore", "a", "b", "c"], 'restore takes no "c"'],
  [["restore", "a", "--at", "soon"], '"soon" is no time, expected e.g.'],
  [["restore", "a", "--into", "back"], '--into is "back", expected an absolute path'],
  [["list", "--at", "2026-05-26"], "--at goes with restore alone"],
  [["--databases"], "--databases goes with restore alone"],
  [["list", "--dry-run"], "--dry-run goes with run or restore alone"],
  [["restore", "a", "--check-config"], "--check-config goes with run alone"],
  [["restore", "a", "--accept=x"], "--accept goes with run alone"],
  [["--dry-run", "--check-config"], "--dry-run and --check-config can't be given together"],
  [["--accept=x", "--dry-run"], "--accept can't be given with --dry-run"],
])("%j is refused: %s", (words, text) => {
  expect(() => parse(...words)).toThrow(text);
  expect(() => parse(...words)).toThrow(RunnerError);
});

test("a runner that keeps no copies takes a run alone", () => {
  const bare = (...words: readonly string[]) => parseRunnerArguments("job", ["--config", "c", ...words], {});
  expect(bare("run")).toMatchObject({ mode: "run" });
  expect(() => bare("list")).toThrow('there is no "list"; expected run');
  expect(() => bare("--accept=x")).toThrow("Unknown option '--accept'");
  expect(() => bare("--into", "/x")).toThrow("--into goes with restore alone");
});

test("a runner without copies of its own, which has something to list, takes that alone", () => {
  const lists = { list: way };
  const words = (...more: readonly string[]) => ["--config", "c", ...more];
  expect(parseRunnerArguments("job", words("list", "x"), { ways: lists })).toMatchObject({ mode: "way" });
  expect(() => parseRunnerArguments("job", words("verify"), { ways: lists })).toThrow(
    'there is no "verify"; expected run or list',
  );
  expect(runHelp("job", "Reads.", { ways: lists })).not.toMatch(/restore|--into|verify/);
});

test("a command without its config is refused, and help is given without one", () => {
  expect(() => parseRunnerArguments("job", ["list"], { ways })).toThrow("--config FILE is missing");
  expect(parseRunnerArguments("job", ["restore", "--help"], { ways })).toBeUndefined();
});

test("help shows each of the ways and each switch", () => {
  const help = runHelp("job", "Copies.", { ways, accepts });
  for (const text of [
    "job [run]",
    "job list [WHAT]",
    "job verify [WHAT]",
    "job restore WHAT [PART]",
    "--databases",
  ])
    expect(help).toContain(text);
  expect(runHelp("job", "Copies.", {})).not.toMatch(/restore|--into/);
});
