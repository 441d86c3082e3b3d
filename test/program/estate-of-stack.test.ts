import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { estateInput } from "../../stacks/estate-of-stack";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-stacks-"));
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "home", "estate.ts"), "");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const giving = (evaluated: { data: unknown } | { problem: string }) => ({
  folder,
  evaluate: () => Promise.resolve({ ...evaluated, said: "" }),
});

test("takes what the stack's file gives", async () => {
  expect(await estateInput(giving({ data: { name: "home" } }), "home")).toEqual({ name: "home" });
});

test("names the stacks that have an estate when this one has none", async () => {
  expect(await faultOf(estateInput(giving({ data: {} }), "lab"))).toMatch(
    /^Stack "lab" has no estate: no file "stacks\/lab\/estate\.ts"\. Stacks with one: home\. Next: /,
  );
});

test("passes on why the file gives no estate, without a stack", async () => {
  const problem = 'can\'t be loaded: The lab is not up. Next: "npm run lab -- up"';
  expect(await faultOf(estateInput(giving({ problem }), "home"))).toBe(
    `"stacks/home/estate.ts" ${problem}. Nothing was changed.`,
  );
});

async function faultOf(refused: Promise<unknown>): Promise<string> {
  try {
    await refused;
  } catch (error) {
    if (!pulumi.RunError.isInstance(error)) throw error;
    return error.message;
  }
  throw new Error("nothing was refused");
}
