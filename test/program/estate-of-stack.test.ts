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

const loading = (exported: unknown) => ({ folder, load: () => exported });

test("takes an estate, or what a function of that name gives", () => {
  expect(estateInput(loading({ estate: { name: "home" } }), "home")).toEqual({ name: "home" });
  expect(estateInput(loading({ estate: () => ({ name: "home" }) }), "home")).toEqual({ name: "home" });
});

test("names the stacks that have an estate when this one has none", () => {
  expect(faultOf(() => estateInput(loading({}), "lab"))).toMatch(
    /^Stack "lab" has no estate: no file "stacks\/lab\/estate\.ts"\. Stacks with one: home\. Next: /,
  );
});

test("says what is expected of a file that exports no estate", () => {
  expect(faultOf(() => estateInput(loading({ estat: {} }), "home"))).toMatch(
    /^"stacks\/home\/estate\.ts" exports no estate: expected "export const estate/,
  );
});

test("passes on what the estate says of itself, without a stack", () => {
  const fails = () => {
    throw new Error('The lab is not up. Next: "npm run lab -- up"');
  };
  const text = faultOf(() => estateInput(loading({ estate: fails }), "home"));
  expect(text).toBe(
    '"stacks/home/estate.ts" can\'t be read; nothing was changed.\nThe lab is not up. Next: "npm run lab -- up"',
  );
});

test("lets a bug in the estate's code keep its stack", () => {
  const fails = () => {
    throw new TypeError("x is not a function");
  };
  expect(() => estateInput(loading({ estate: fails }), "home")).toThrow(TypeError);
});

function faultOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!pulumi.RunError.isInstance(error)) throw error;
    return error.message;
  }
  throw new Error("nothing was refused");
}
