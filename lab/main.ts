import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import { down } from "./commands/down";
import { logNames, logs } from "./commands/logs";
import { nas, nasWords } from "./commands/nas";
import { messageOf } from "./commands/progress";
import { reset } from "./commands/reset";
import { ssh } from "./commands/ssh";
import { printStatus } from "./commands/status";
import { up } from "./commands/up";
import { labDir } from "./facts";
import { hostNames } from "./hosts";
import { effectOf, nasSwitches } from "./nas/switches";

const exitCodes = `
Exit codes:
  0  done; status: all parts are up
  1  failed; what failed, what was kept and what to do next is on stderr
  2  wrong use; nothing was done
  3  status: a part of the lab is down
  ssh ends as its command ended, or with 255 when the host can't be reached`;

const say = (line: string): void => console.error(line);

const program = new Command("npm run lab --")
  .description(
    "The throw-away lab: a Proxmox-like host, a NAS, a Kubernetes API and monitoring, in a network of their own.",
  )
  .addHelpText("after", exitCodes)
  .addHelpText("after", `\nEverything of it lies in ${labDir} and goes with "down".`)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .enablePositionalOptions();

program
  .command("up")
  .description(
    "start what doesn't run; the first time takes minutes, as it makes a disk image and builds an API server",
  )
  .action(up);

program
  .command("status")
  .description("show each part, where it answers, and what is wrong with it")
  .option("--json", "as JSON, for programs", false)
  .action(async (options: { json: boolean }) => {
    if (!(await printStatus(options))) process.exitCode = 3;
  });

program
  .command("ssh")
  .addArgument(new Argument("<host>").choices(hostNames))
  .argument("[command...]")
  .description("run a command on pve or nas, or log in; an option of the command comes after --")
  .option("--user <name>", "log in as somebody else than root, by the port that operators use")
  .passThroughOptions()
  .action(async (host: string, words: string[], options: { user?: string }) => {
    process.exitCode = await ssh(host, words[0] === "--" ? words.slice(1) : words, options);
  });

program
  .command("logs")
  .addArgument(new Argument("<name>").choices(logNames))
  .description("print the log of a server or the console of a host")
  .option("-f, --follow", "go on printing what is added", false)
  .option("-n, --lines <count>", "how many lines of its end", wholeNumber, 200)
  .action(logs);

program
  .command("nas")
  .addArgument(new Argument("<switch>").choices(nasWords))
  .description("make the NAS misbehave, or heal it")
  .addHelpText(
    "after",
    `\nSwitches (they add up):\n${nasSwitches.map(name => `  ${name.padEnd(7)} ${effectOf(name)}`).join("\n")}\n  heal    undo all of them`,
  )
  .action(nas);

program
  .command("reset")
  .description("start anew with empty disks and servers; keys and UUIDs stay")
  .action(() => reset(say));

program
  .command("down")
  .description("end all that runs and remove all that is kept; builds stay in the cache")
  .action(() => down(say));

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("Expected a whole number from 1 on.");
  return Number(text);
}

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Commander has printed it; its own code for every misuse is 1.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  console.error(messageOf(error));
  process.exitCode = 1;
});
