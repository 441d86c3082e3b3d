import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { stateDir } from "../lab/cache";
import { ensureEngine } from "../lab/engine/bootstrap";
import { startHosts } from "../lab/hosts";
import { inNamespace } from "../lab/namespace";
import { startServers } from "../lab/servers";
import { LabStack } from "../lab/stack";
import { ratio } from "./ratio";
import type { Row } from "./row";

/** A preview of the deployed lab stack, in which nothing changed, against the preview of an empty program. */
export async function benchPreview(): Promise<Row[]> {
  const say = (line: string): void => console.error(line);
  await Promise.all([startHosts({ only: ["pve"], say }), startServers(say)]);
  const stack = await LabStack.open(say);
  await stack.up();
  const second = await stack.up();
  const unchanged = /Resources:\n\s+\d+ unchanged\n/.test(second);
  return [
    await ratio(
      "no-change preview / empty program's",
      stack.previewCommand(),
      await emptyProgram(say),
      1.5,
      5,
    ),
    { name: "second up", value: unchanged ? "0 changes" : "changes", aim: "0 changes", ok: unchanged },
  ];
}

async function emptyProgram(say: (line: string) => void) {
  const folder = join(stateDir, "bench", "empty");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "state"), { recursive: true });
  const engine = await ensureEngine(say, { stacksDir: join(folder, "state") });
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: empty\nmain: index.cjs\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
  );
  writeFileSync(join(folder, "index.cjs"), "");
  await execa(engine.pulumi, ["stack", "init", "empty", "--non-interactive"], {
    cwd: folder,
    env: engine.env,
  });
  return {
    argv: inNamespace([engine.pulumi, "preview", "--stack=empty", "--non-interactive"]),
    cwd: folder,
    env: engine.env,
  };
}
