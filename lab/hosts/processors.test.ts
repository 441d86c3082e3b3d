import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../process";
import { boundHosts, parseList, spreadHosts } from "./processors";

test("spreads hosts over the processors that have the fewest", () => {
  const bound = new Map([
    [0, 1],
    [1, 0],
    [5, 0],
  ]);
  expect(spreadHosts(["pve", "nas", "pve2", "more"], bound)).toEqual([
    ["pve", 1],
    ["nas", 5],
    ["pve2", 0],
    ["more", 1],
  ]);
});

test("counts a program of that name which is bound to one processor", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-processors-"));
  const program = join(folder, "linux.uml");
  copyFileSync("/bin/sleep", program);
  const [[processor = 0, before = 0] = []] = [...boundHosts()];
  const child = spawn("taskset", ["--cpu-list", String(processor), program, "60"]);
  try {
    const runs = (): boolean => readFileSync(`/proc/${child.pid}/comm`, "utf8") === "linux.uml\n";
    expect(await until(runs, 600_000)).toBe(true);
    expect(boundHosts().get(processor)).toBe(before + 1);
  } finally {
    child.kill();
    await once(child, "exit");
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["3", [3]],
  ["0-2,5", [0, 1, 2, 5]],
])("reads the list %s", (list, processors) => expect(parseList(list)).toEqual(processors));
