import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../process";
import { boundMib, parseList, spreadHosts } from "./processors";

test("spreads hosts over the processors that have the least, so that a node is apart from the host that it writes to", () => {
  const memory = { pve: 1024, nas: 512, node: 1024, more: 1 };
  const names = ["pve", "nas", "node", "more"] as const;
  const bound = new Map([
    [0, 0],
    [1, 0],
  ]);
  expect(spreadHosts(names, name => memory[name], bound)).toEqual([
    ["pve", 0],
    ["nas", 1],
    ["node", 1],
    ["more", 0],
  ]);
});

test("counts the memory of a program of that name which is bound to one processor", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-processors-"));
  const program = join(folder, "linux.uml");
  copyFileSync("/bin/sh", program);
  const [[processor = 0, before = 0] = []] = [...boundMib()];
  const child = spawn("taskset", [
    "--cpu-list",
    String(processor),
    program,
    "-c",
    "read word",
    "mem=7M",
    "0",
  ]);
  try {
    const runs = (): boolean => readFileSync(`/proc/${child.pid}/comm`, "utf8") === "linux.uml\n";
    expect(await until(runs, 600_000)).toBe(true);
    expect(boundMib().get(processor)).toBe(before + 7);
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
