import { execa } from "execa";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../stacks/project";
import { main } from "./main";

async function script(shell: string): Promise<string> {
  const out: string[] = [];
  const spy = jest.spyOn(process.stdout, "write").mockImplementation(text => out.push(String(text)) > 0);
  try {
    const evaluate = () => Promise.reject(new Error("no estate is asked for"));
    expect(await main(["completion", shell], { evaluate, folder: projectRoot })).toBe(0);
  } finally {
    spy.mockRestore();
  }
  return out.join("");
}

test("a script is what a shell reads, however it was asked for: what npm run prints around it would be run", async () => {
  const { argv, env } = process;
  const plain = await script("bash");
  try {
    process.argv = [argv[0] ?? "", join(projectRoot, "cli/holdfast.mjs")];
    process.env = { ...env, npm_lifecycle_event: "holdfast" };
    expect(await script("bash")).toBe(plain);
  } finally {
    Object.assign(process, { argv, env });
  }
});

/** What a real bash offers behind each of some lines. */
async function offered(...lines: readonly string[]): Promise<string[]> {
  const ask =
    'while IFS= read -r line; do IFS=" " read -ra COMP_WORDS <<<"$line"; [[ $line == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _holdfast; echo "${COMPREPLY[*]}"; done';
  const { stdout } = await execa("bash", ["--norc", "-c", `${await script("bash")}\n${ask}`], {
    input: lines.map(line => `${line}\n`).join(""),
  });
  return stdout.split("\n");
}

test("bash completes commands, flags, values that are words, and leaves files to itself", async () => {
  expect(
    await offered(
      "holdfast ch",
      "holdfast re",
      "holdfast rpo --",
      "holdfast break-glass ",
      "holdfast break-glass export --sh",
      "holdfast lose --domain si",
      "holdfast restore --all --domain ho",
      "holdfast restore --from ",
      "holdfast check --format s",
      "holdfast check --estate ./my",
      "holdfast diff main:estate",
    ),
  ).toEqual([
    "check",
    "restore report releases",
    "--stack --estate --json --help",
    "export verify --help",
    "--sheet",
    "site",
    "host host-root",
    "",
    "sarif",
    "",
    "",
  ]);
});

test("each command and flag is known to zsh and fish too", async () => {
  const [bash, zsh, fish] = [await script("bash"), await script("zsh"), await script("fish")];
  for (const command of bash.match(/list="(check[^"]*) --help/)?.[1]?.split(" ") ?? []) {
    expect(zsh).toContain(`'${command}:`);
    expect(fish).toMatch(new RegExp(`-f -n '__fish_use_subcommand' -a ${command} -d `));
  }
  for (const flag of new Set(bash.match(/--[a-z-]+(?=[ "])/g))) {
    if (flag === "--version") continue;
    expect(zsh).toContain(`'${flag}[`);
    expect(fish).toMatch(new RegExp(` -l ${flag.slice(2)} `));
  }
});

test("what is offered for a flag is what its command takes", async () => {
  const taken = (file: string, pattern: RegExp): string[] =>
    [
      ...(pattern.exec(readFileSync(join(projectRoot, "cli", "commands", file), "utf8"))?.[1] ?? "").matchAll(
        /"([a-z-]+)"/g,
      ),
    ].map(([, word = ""]) => word);
  expect(await offered("holdfast check --format ", "holdfast diff --format ")).toEqual([
    taken("check.ts", /format: z\.enum\((\[.*?\])\)/).join(" "),
    taken("diff.ts", /format: z\.enum\((\[.*?\])\)/).join(" "),
  ]);
});
