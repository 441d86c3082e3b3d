import { execa } from "execa";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The command that checks a file before it takes the place of the one that is in use. */
export type CheckCommand = (file: string) => readonly string[];

/**
 * Puts a text in place if it differs from what is there and the checker accepts it; else what is there stays.
 * @returns whether the file changed
 * @throws with the checker's own words
 */
export async function putChecked(file: string, text: string, command: CheckCommand): Promise<boolean> {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return false;
  await withCandidate(file, text, async candidate => {
    await check(candidate, command);
    renameSync(candidate, file);
  });
  return true;
}

/**
 * Checks a text without putting it anywhere to stay.
 * @param beside where a file of such a text would lie
 * @throws with the checker's own words
 */
export async function checkText(beside: string, text: string, command: CheckCommand): Promise<void> {
  await withCandidate(beside, text, candidate => check(candidate, command));
}

async function withCandidate(
  file: string,
  text: string,
  use: (candidate: string) => Promise<void>,
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const candidate = `${file}.candidate`;
  try {
    // An Alertmanager configuration holds the addresses of webhooks, which are secrets.
    writeFileSync(candidate, text, { mode: 0o600 });
    await use(candidate);
  } finally {
    rmSync(candidate, { force: true });
  }
}

async function check(candidate: string, command: CheckCommand): Promise<void> {
  const [program = "", ...args] = command(candidate);
  const result = await execa(program, args, { reject: false, all: true, timeout: 300_000 });
  if (!result.failed) return;
  const lines = (result.all ?? "").split("\n").filter(line => /error|FAILED|invalid|undefined/i.test(line));
  const reason = lines.join(" ").replaceAll(candidate, "the new text").replace(/\s+/g, " ").trim();
  throw new Error(reason || result.shortMessage);
}
