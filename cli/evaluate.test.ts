import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate } from "./evaluate.mjs";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-evaluate-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function outcomeOf(name: string, code: string, withinMs?: number) {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, code);
  return evaluate(file, withinMs);
}

test("an estate is data by itself, by a function, or by what comes later", async () => {
  const outcomes = await Promise.all([
    outcomeOf("itself", "export const estate: { name: string } = { name: 'a' };"),
    outcomeOf("later", "export default async () => ({ name: await Promise.resolve('b'), gone: undefined });"),
  ]);
  expect(outcomes).toEqual([
    { data: { name: "a" }, said: "" },
    { data: { name: "b" }, said: "" },
  ]);
});

test.each([
  ["throws", "throw new Error('no lab is up');", "can't be loaded: no lab is up"],
  [
    "throws later",
    "setTimeout(() => { throw new Error('too late'); }); export const estate = new Promise(() => {});",
    "can't be loaded: too late",
  ],
  ["exports nothing", "export const estat = {};", "exports no estate. Expected `export const estate"],
  ["exits", "process.exit(0); export const estate = {};", "ends its process with exit code 0."],
  ["never resolves", "export const estate = new Promise(() => {});", "awaits what never comes."],
  [
    "exports a Proxy",
    "export default new Proxy({}, { get: () => { throw 3; } });",
    "holds what is no data: estate: a Proxy is",
  ],
  ["writes", "console.log('hi'); export const estate = {};", "writes to standard output"],
  [
    "is a Proxy",
    "export const estate = new Proxy({}, { ownKeys: () => { throw 3; } });",
    "holds what is no data: estate: a Proxy is",
  ],
  [
    "holds a function",
    "export const estate = { name: () => 1 };",
    "holds what is no data: estate.name: a function is no data.",
  ],
  ["is no TypeScript", "export const estate = {", "can't be loaded: Build failed"],
])("one that %s is told in a sentence", async (name, code, problem) => {
  expect(await outcomeOf(name, code)).toMatchObject({ problem: expect.stringContaining(problem) });
});

test("one that loops is ended in time, and so is one that needs too much memory", async () => {
  const [loops, waits, grows] = await Promise.all([
    outcomeOf("loops", "for (;;);", 100),
    outcomeOf("waits", "setInterval(() => {}, 1000); export const estate = new Promise(() => {});", 100),
    outcomeOf("grows", "const all = Buffer.alloc(1.2e9, 1); for (;;) all.fill(2);", 60_000),
  ]);
  expect(loops).toMatchObject({
    problem: expect.stringMatching(/^isn't evaluated within 0\.1 s\. Look for a loop/),
  });
  expect(waits).toEqual(loops);
  expect(grows).toMatchObject({ problem: expect.stringMatching(/^needs more than 512 MB of memory\. /) });
});
