import { execa } from "execa";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../stacks/project";

const folder = mkdtempSync(join(tmpdir(), "holdfast-quick-"));
const source = join(folder, "module.ts");
writeFileSync(source, `export const said: string = "loaded ".concat(String(6 * 7));`);
let kept = "";

/** What a process that loads the module says. */
async function loaded(use = "", code = 0): Promise<unknown> {
  const program = `
    import { load } from ${JSON.stringify(join(projectRoot, "cli", "quick.mjs"))};
    import { bundleOf } from ${JSON.stringify(join(projectRoot, "cli", "run.mjs"))};
    const file = ${JSON.stringify(source)};
    console.log(JSON.stringify([load(file, ${JSON.stringify(use)}).said, bundleOf(file)]));
    process.exitCode = ${code};`;
  const { stdout, stderr } = await execa(process.execPath, ["--input-type=module", "-e", program], {
    reject: false,
  });
  const [said, bundle] = JSON.parse(stdout) as [string, string];
  kept = `${bundle}.v8`;
  return { said, stderr };
}

const whole = { said: "loaded 42", stderr: "" };

afterAll(() => {
  rmSync(folder, { recursive: true });
  for (const path of [kept, ...["", ".map", ".inputs.json"].map(end => kept.replace(/\.v8$/, end))])
    rmSync(path, { recursive: true });
});

test("what V8 has compiled is kept by the first run and taken by the next, and what is cut off, damaged or of another source is made anew", async () => {
  expect(await loaded()).toEqual(whole);
  const first = statSync(kept);
  expect(await loaded()).toEqual(whole);
  expect(statSync(kept).ino).toBe(first.ino);
  const bytes = readFileSync(kept);
  writeFileSync(kept, bytes.subarray(0, bytes.length / 2));
  expect(await loaded()).toEqual(whole);
  expect(readFileSync(kept)).toHaveLength(bytes.length);
  writeFileSync(kept, Buffer.concat([Buffer.alloc(20, 1), bytes.subarray(20)]));
  expect(await loaded()).toEqual(whole);
  expect(readFileSync(kept).subarray(0, 20)).toEqual(bytes.subarray(0, 20));
  const damaged = Buffer.from(bytes).fill(0x5a, bytes.length / 2);
  writeFileSync(kept, damaged);
  expect(await loaded()).toEqual(whole);
  expect(readFileSync(kept).equals(damaged)).toBe(false);
});

test("two that run at once leave it whole, and a run that can't keep it goes on without a word", async () => {
  rmSync(kept, { force: true });
  expect(await Promise.all([loaded(), loaded()])).toEqual([whole, whole]);
  const { ino } = statSync(kept);
  expect(await loaded()).toEqual(whole);
  expect(statSync(kept).ino).toBe(ino);
  rmSync(kept);
  mkdirSync(kept);
  expect(await loaded()).toEqual(whole);
  expect(statSync(kept).isDirectory()).toBe(true);
});

test("what one command has compiled isn't all that the next one has: each keeps its own", async () => {
  rmSync(kept, { recursive: true, force: true });
  const own = kept.replace(/\.v8$/, ".check.v8");
  try {
    expect(await loaded(".check")).toEqual(whole);
    const { ino } = statSync(own);
    expect(await loaded()).toEqual(whole);
    expect(await loaded(".check")).toEqual(whole);
    expect([statSync(own).ino, existsSync(kept)]).toEqual([ino, true]);
  } finally {
    rmSync(own, { force: true });
  }
});

test("a word that is no command leaves nothing", async () => {
  expect(await loaded(".chekc", 2)).toEqual(whole);
  expect(existsSync(kept.replace(/\.v8$/, ".chekc.v8"))).toBe(false);
});
