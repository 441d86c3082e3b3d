import { type NasSnapshotsConfig, snapshotProgram as program } from "../../plan/contracts/nas-snapshots";
import { shell } from "../runtime/shell";

const policyProgram = "/usr/syno/bin/synoretentionconf";

/** What a session asks, one after the other. `asRoot` goes through sudo, with the password again for each. */
export interface Question {
  readonly name: string;
  readonly command: string;
  readonly asRoot: boolean;
  /** Nothing is asked after one that fails: a wrong password would be tried again, and three tries lock an account. */
  readonly orEnd?: true;
}

/** All that a look asks. The first through sudo is the one without which there is nothing to say. */
export function questionsOf(config: NasSnapshotsConfig): Question[] {
  const { share, volume } = config.nas;
  const place = `${volume}/${share}`;
  return [
    { name: "clock", command: "date +%s", asRoot: false },
    { name: "room", command: shell`df -Pk ${volume}`, asRoot: false },
    listOf(config),
    { name: "conf", command: shell`${program} shareconf get ${share}`, asRoot: true },
    { name: "policy", command: shell`${policyProgram} --get ${"Share#"} ${share}`, asRoot: true },
    { name: "quota", command: shell`btrfs qgroup show --raw -reF ${place}`, asRoot: true },
    { name: "groups", command: shell`btrfs qgroup show --raw -re ${volume}`, asRoot: true },
    { name: "subvolumes", command: shell`btrfs subvolume list -s ${volume}`, asRoot: true },
    // Says whether it may be done, and does nothing.
    {
      name: "rights",
      command: shell`-l ${program} delete ${share} ${"GMT-2000.01.01-00.00.00"}`,
      asRoot: true,
    },
  ];
}

function listOf({ nas: { share } }: NasSnapshotsConfig): Question {
  return { name: "list", command: shell`${program} list ${share}`, asRoot: true, orEnd: true };
}

/** Deletes snapshots, and lists what there is then. */
export function deletionOf(config: NasSnapshotsConfig, names: readonly string[]): Question[] {
  const command = shell`${program} delete ${config.nas.share} ${[...names]}`;
  return [{ name: "delete", command, asRoot: true }, listOf(config)];
}

/**
 * A shell script that asks the questions. The password is the first line of its standard input, and goes to sudo by a pipe from the
 * shell's own printf: it is in no process' arguments and no environment. What each says stands between lines with a token
 * that no answer can know.
 */
export function scriptOf(questions: readonly Question[], token: string): string {
  return [
    "LC_ALL=C; export LC_ALL; IFS= read -r P",
    `as_root() { printf '%s\\n' "$P" | sudo -k -S -p '' "$@"; }`,
    ...questions.flatMap(({ name, command, asRoot, orEnd }) => [
      `printf '%s\\n' '${token} ${name}'; ${asRoot ? `as_root ${command.startsWith("-l ") ? "" : "-- "}${command}` : command}; S=$?; printf '\\n%s\\n' "${token} = $S"`,
      ...(orEnd ? [`[ "$S" = 0 ] || exit 0`] : []),
    ]),
  ].join("\n");
}

export interface Answered {
  readonly exitCode: number;
  readonly text: string;
}

/** What was answered, by the question's name; one that was cut is left out. */
export function answersIn(stdout: string, token: string): Map<string, Answered> {
  const answers = new Map<string, Answered>();
  let open: { name: string; lines: string[] } | undefined;
  for (const line of stdout.split("\n")) {
    if (!line.startsWith(`${token} `)) {
      open?.lines.push(line);
      continue;
    }
    const end = /^= (\d+)$/.exec(line.slice(token.length + 1));
    if (end && open) answers.set(open.name, { exitCode: Number(end[1]), text: open.lines.join("\n") });
    open = end ? undefined : { name: line.slice(token.length + 1), lines: [] };
  }
  return answers;
}
