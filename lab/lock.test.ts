import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labDir } from "./facts";
import { withLabLock } from "./lock";

const name = `test-${randomUUID()}`;
const file = join(labDir, "run", `${name}.lock`);

afterEach(() => rmSync(file, { force: true }));

test("lets one in at a time, and the next one when that one failed", async () => {
  const seen: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>(resolve => (release = resolve));
  const first = withLabLock(name, quiet, async () => {
    seen.push("first in");
    await held;
    seen.push("first out");
    throw new Error("failed inside");
  });
  const second = withLabLock(name, quiet, async () => {
    seen.push("second in");
  });
  release();
  await expect(first).rejects.toThrow("failed inside");
  await second;
  expect(seen).toEqual(["first in", "first out", "second in"]);
  expect(existsSync(file)).toBe(false);
});

test("takes over from a process that died, also when its id is another's by now", async () => {
  mkdirSync(join(labDir, "run"), { recursive: true });
  for (const holder of ["4194304 1", `${process.pid} 1`]) {
    writeFileSync(file, holder);
    expect(await withLabLock(name, quiet, () => Promise.resolve("in"))).toBe("in");
  }
});

function quiet(): void {
  return;
}
