import { execa } from "execa";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached } from "./cache";

const home = mkdtempSync(join(tmpdir(), "holdfast-cache-"));
const before = process.env["XDG_CACHE_HOME"];

beforeAll(() => (process.env["XDG_CACHE_HOME"] = home));

afterAll(() => {
  if (before === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = before;
  rmSync(home, { recursive: true });
});

test("what a killed build left goes with the next build, and what others are building stays", async () => {
  const { stdout: ended } = await execa("sh", ["-c", "echo $$"]);
  const others = `kubernetes-1.part-${process.ppid}-Ab12Cd`;
  for (const name of [`kubernetes-0.part-${ended}-Ab12Cd`, `apt-lists.part-${ended}`, others])
    mkdirSync(join(home, "holdfast", name, "bin"), { recursive: true });
  const folder = await cached("sqlite", ["1"], () => Promise.resolve());
  expect(readdirSync(join(home, "holdfast")).sort()).toEqual([
    others,
    folder.slice(folder.lastIndexOf("/") + 1),
  ]);
});
