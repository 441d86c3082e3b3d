import { execa } from "execa";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleWith } from "../plan/estate/example";
import { projectRoot } from "../stacks/project";

/** The command itself, in a shell that gives its exit code in a line of standard error. */
async function shell(line: string, env: NodeJS.ProcessEnv = {}): Promise<{ out: string; err: string }> {
  const command = `${process.execPath} ${join(projectRoot, "cli", "holdfast.mjs")}`;
  const { stdout, stderr } = await execa("sh", ["-c", `{ ${command} ${line}`], { reject: false, env });
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

test("what isn't a terminal gets no colours, also where a build server's environment speaks of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-colours-"));
  const file = join(folder, "estate.json");
  const late = exampleWith(({ layers }) =>
    Object.assign(layers["nfs-mirror"][0] ?? {}, { alert: { receiver: "infra", staleAfter: "16d" } }),
  );
  writeFileSync(file, JSON.stringify(late));
  const { out, err } = await shell(`check --estate ${file}; echo code $? >&2; }`, {
    CI: "1",
    FORCE_COLOR: "1",
  });
  rmSync(folder, { recursive: true });
  expect(err).toBe("code 1");
  expect(out).toMatch(/^error +schedule\/stale-above-promise {2}nfs-mirror {2}\S+estate\.json:1:\d+\n/);
  expect(out).not.toContain("\u001b");
});

test("lines end where COLUMNS says, and a pipe's have no end", async () => {
  const [narrow, piped] = await Promise.all([
    shell("plan; }", { COLUMNS: "80" }),
    shell("plan; }", { COLUMNS: "" }),
  ]);
  const widest = ({ out }: { out: string }): number =>
    Math.max(...out.split("\n").map(line => (line.startsWith("│") ? [...line].length : 0)));
  expect(widest(narrow)).toBeLessThanOrEqual(80);
  expect(widest(piped)).toBeGreaterThan(80);
});

/** What a terminal gets: `script` of util-linux gives the command one. */
async function inTerminal(line: string, env: NodeJS.ProcessEnv): Promise<string> {
  const command = `${process.execPath} ${join(projectRoot, "cli", "holdfast.mjs")} ${line}`;
  const { stdout } = await execa("script", ["-qec", command, "/dev/null"], { reject: false, env });
  return stdout;
}

test("a terminal gets colours, but for a dumb one and where NO_COLOR is set", async () => {
  // Where CI is set, the table's own library takes no terminal for one with colours.
  const usual = { TERM: "xterm", NO_COLOR: "", COLUMNS: "", CI: undefined, FORCE_COLOR: undefined };
  const [colours, dumb, without] = await Promise.all([
    inTerminal("rpo", usual),
    inTerminal("rpo", { ...usual, TERM: "dumb" }),
    inTerminal("rpo", { ...usual, NO_COLOR: "1" }),
  ]);
  expect(colours).toContain("\u001b[");
  expect(dumb).not.toContain("\u001b[");
  expect(without).not.toContain("\u001b[");
  expect(without).toContain("etcd");
});
