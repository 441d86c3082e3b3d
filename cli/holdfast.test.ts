import { execa } from "execa";
import { join } from "node:path";
import { projectRoot } from "../stacks/project";

jest.setTimeout(180_000);

/** The command itself, in a shell that gives its exit code in a line of standard error. */
async function shell(line: string): Promise<{ out: string; err: string }> {
  const command = `${process.execPath} ${join(projectRoot, "cli", "holdfast.mjs")}`;
  const { stdout, stderr } = await execa("sh", ["-c", `{ ${command} ${line}`], { reject: false });
  return { out: stdout, err: stderr };
}

test("a reader that has enough ends no command with a stack, and a full disk is told", async () => {
  const [enough, full] = await Promise.all([
    shell("rpo --json; echo code $? >&2; } | head -c 1"),
    shell("rpo --json >/dev/full; echo code $? >&2; }"),
  ]);
  expect(enough).toEqual({ out: "[", err: "code 0" });
  expect(full.err).toMatch(/^The result can't be written whole: ENOSPC.*\ncode 2$/);
});
