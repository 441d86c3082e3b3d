import { Command, CommanderError } from "commander";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { isatty } from "node:tty";
import { version } from "../package.json";
import { EstateInvalid } from "../plan";
import { projectRoot } from "../stacks/project";
import { ask } from "./ask";
import { asCalled, called } from "./called";
import { addCommand, type Context, type Outcome } from "./command";
import { breakGlassExport } from "./commands/break-glass-export";
import { breakGlassVerify } from "./commands/break-glass-verify";
import { check } from "./commands/check";
import { comment } from "./commands/comment";
import { completion } from "./commands/completion";
import { dashboards } from "./commands/dashboards";
import { deadMen } from "./commands/dead-men";
import { diff } from "./commands/diff";
import { discover } from "./commands/discover";
import { drill } from "./commands/drill";
import { evidence } from "./commands/evidence";
import { explain } from "./commands/explain";
import { find } from "./commands/find";
import { init } from "./commands/init";
import { lose } from "./commands/lose";
import { migrate } from "./commands/migrate";
import { plan } from "./commands/plan";
import { releases } from "./commands/releases";
import { report } from "./commands/report";
import { restore } from "./commands/restore";
import { rollBack } from "./commands/roll-back";
import { rpo } from "./commands/rpo";
import { runbooks } from "./commands/runbooks";
import { silence } from "./commands/silence";
import { status } from "./commands/status";
import { BadInput } from "./bad-input";
import { printable } from "./output";

const exitCodes = `
Exit codes: 0 clean, 1 findings with errors, or something owes, 2 bad input (nothing was changed) or output that can't be written,
3 what isn't known, as nobody could be asked, 70 a fault of holdfast itself.`;

/**
 * Runs the command line.
 * @param args words after `holdfast`
 * @returns the exit code
 */
export async function main(
  args: readonly string[],
  caller: Pick<Context, "evaluate" | "folder">,
): Promise<number> {
  // Not `process.stdout.isTTY`: where it is no terminal that is undefined, for which picocolors asks the environment.
  const terminal = isatty(process.stdout.fd);
  const { NO_COLOR = "", TERM, COLUMNS = "" } = process.env;
  // https://no-color.org; a dumb terminal shows the codes themselves.
  const colours = terminal && NO_COLOR === "" && TERM !== "dumb";
  // Bash and others say by COLUMNS how wide they are; a pipe has no width of its own.
  const asked = /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
  const columns = asked ?? (terminal ? process.stdout.columns || 80 : undefined);
  const program = new Command("holdfast");
  const by = called({ env: process.env, program: process.argv[1] ?? "", folder: process.cwd() });
  const docs = join(projectRoot, "docs");
  const pages = {
    docs: projectRoot.includes("/node_modules/") ? relative(caller.folder, docs) : "docs",
    isPage: (page: string): boolean => existsSync(join(docs, page)),
  };
  const typed = (text: string): string =>
    asCalled(
      text,
      program.commands.map(command => command.name()),
      by,
      pages,
    );
  const context: Context = {
    ...{ ...caller, nowMs: Date.now(), terminal: colours, columns },
    say: (text, json = false) =>
      void process[json ? "stderr" : "stdout"].write(`${printable(typed(text), !json && colours)}\n`),
    ask: terminal && isatty(process.stdin.fd) ? ask : undefined,
  };
  let exitCode = 0;
  const settle = (outcome: Outcome): void => {
    if (outcome.isScript) process.stdout.write(`${outcome.text}\n`);
    else context.say(outcome.text);
    exitCode = outcome.exitCode;
  };
  program
    .description("Backup and disaster recovery as code: what follows from an estate, and what its hosts say.")
    .version(version, "--version")
    .addHelpText("after", exitCodes)
    .configureOutput({
      writeOut: text => process.stdout.write(printable(typed(text), false)),
      writeErr: text => process.stderr.write(printable(typed(text), false)),
    })
    .exitOverride();
  addCommand(program, check, context, settle);
  addCommand(program, rpo, context, settle);
  addCommand(program, lose, context, settle);
  addCommand(program, find, context, settle);
  addCommand(program, restore, context, settle);
  addCommand(program, drill, context, settle);
  addCommand(program, evidence, context, settle);
  addCommand(program, runbooks, context, settle);
  addCommand(program, dashboards, context, settle);
  addCommand(program, plan, context, settle);
  addCommand(program, report, context, settle);
  addCommand(program, diff, context, settle);
  addCommand(program, comment, context, settle);
  addCommand(program, status, context, settle);
  addCommand(program, silence, context, settle);
  addCommand(program, deadMen, context, settle);
  addCommand(program, releases, context, settle);
  addCommand(program, rollBack, context, settle);
  addCommand(program, explain, context, settle);
  const breakGlass = program
    .command("break-glass")
    .description("All that restores need when everything else is gone, in one encrypted file");
  addCommand(breakGlass, breakGlassExport, context, settle);
  addCommand(breakGlass, breakGlassVerify, context, settle);
  addCommand(program, migrate, context, settle);
  addCommand(program, init, context, settle);
  addCommand(program, discover, context, settle);
  addCommand(program, completion(program), context, settle);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error, args.includes("--json"), typed);
  }
}

/** Says what an operator can mend, without a stack trace; anything else is ours, and goes on up. */
function exitCodeOf(error: unknown, json: boolean, typed: (text: string) => string): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof EstateInvalid || error instanceof BadInput)) throw error;
  const faults =
    error instanceof EstateInvalid ? error.faults : [{ path: "", value: "", problem: error.message }];
  if (json) process.stdout.write(`${printable(typed(JSON.stringify({ faults }, undefined, 2)), false)}\n`);
  process.stderr.write(`${printable(typed(error.message), false)}\n`);
  return 2;
}
