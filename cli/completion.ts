import type { Command } from "commander";
import { together } from "../checks/taken-together";
import { domains } from "../plan/estate/services";
import { examples, forges } from "./init/files";

/** Shells that complete words. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What may follow one command: its flags, or the commands of its group. */
interface Words {
  /** "check", or "break-glass export". */
  readonly command: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
}

interface Flag {
  readonly long: string;
  readonly help: string;
  /** Whether a value follows; undefined where none does. */
  readonly values?: readonly string[];
}

/** Values that are words, by command and flag; of all others a shell completes files. */
const known = (): Readonly<Record<string, readonly string[]>> => ({
  "lose --domain": domains,
  "restore --domain": together,
  "init --from": examples(),
  "init --ci": forges,
  "check --format": ["text", "json", "sarif", "github", "gitlab"],
  "diff --format": ["text", "markdown", "json"],
});

/** A script by which a shell completes the words of `program`. */
export function completionOf(program: Command, shell: Shell): string {
  const words = wordsOf(program);
  switch (shell) {
    case "bash":
      return bash(words);
    case "zsh":
      return zsh(words);
    case "fish":
      return fish(words);
  }
}

function wordsOf(program: Command): Words[] {
  return program.commands.flatMap(command => [
    entry(command, command.name()),
    ...command.commands.map(below => entry(below, `${command.name()} ${below.name()}`)),
  ]);
}

function entry(command: Command, name: string): Words {
  const values = known();
  return {
    command: name,
    summary: command.description(),
    flags: [
      ...command.options.flatMap(({ long, description, required }) =>
        long
          ? [{ long, help: description, ...(required ? { values: values[`${name} ${long}`] ?? [] } : {}) }]
          : [],
      ),
      { long: "--help", help: "what the command takes" },
    ],
  };
}

/** The commands of a group: "break-glass" has "export". */
function groupsOf(words: readonly Words[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { command } of words) {
    const [group = "", below] = command.split(" ");
    if (below !== undefined) groups.set(group, [...(groups.get(group) ?? []), below]);
  }
  return groups;
}

const firstWords = (words: readonly Words[]): Words[] =>
  words.filter(({ command }) => !command.includes(" "));

function bash(words: readonly Words[]): string {
  const groups = groupsOf(words);
  const valued = [
    ...new Set(words.flatMap(({ flags }) => flags.flatMap(({ long, values }) => (values ? [long] : [])))),
  ];
  return `# Put into ~/.bashrc: source <(holdfast completion bash)
_holdfast() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} list=""
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    list="${firstWords(words)
      .map(({ command }) => command)
      .join(" ")} --help --version"
  else
    case $command in
${[...groups].map(([group]) => `      ${group}) (( COMP_CWORD > 2 )) && command="$command \${COMP_WORDS[2]}" ;;`).join("\n")}
    esac
    case "$command $before" in
${Object.entries(known())
  .map(
    ([flag, values]) =>
      `      "${flag}") COMPREPLY=($(compgen -W "${values.join(" ")}" -- "$word")); return ;;`,
  )
  .join("\n")}
    esac
    case $before in
      ${valued.join("|")}) return ;;
    esac
    case $command in
${words
  .map(
    ({ command, flags }) =>
      `      "${command}") list="${[...(groups.get(command) ?? []), ...flags.map(({ long }) => long)].join(" ")}" ;;`,
  )
  .join("\n")}
    esac
    # Else a file.
    [[ $word != -* && -z \${list%%-*} ]] && return
  fi
  COMPREPLY=($(compgen -W "$list" -- "$word"))
}
complete -o default -F _holdfast holdfast
`;
}

function zsh(words: readonly Words[]): string {
  const groups = groupsOf(words);
  const flagsText = ({ flags }: Words): string =>
    flags
      .map(({ long, help, values }) => {
        const said = `${long}[${help.replace(/[\[\]:\\]/g, "\\$&")}]`;
        const value =
          values === undefined ? "" : values.length > 0 ? `:value:(${values.join(" ")})` : ":value:_files";
        return quoted(`${said}${value}`);
      })
      .join(" ");
  const described = (list: readonly Words[], name: (command: string) => string): string =>
    list.map(({ command, summary }) => quoted(`${name(command)}:${summary.replace(/:/g, "\\:")}`)).join(" ");
  return `#compdef holdfast
# Put into a folder of $fpath as _holdfast, or into ~/.zshrc behind compinit: source <(holdfast completion zsh)
_holdfast() {
  local -a list
  if (( CURRENT == 2 )); then
    list=(${described(firstWords(words), command => command)})
    _describe command list
    return
  fi
  local command=$words[2]
${[...groups.keys()]
  .map(
    group => `  if [[ $command == ${group} ]]; then
    if (( CURRENT == 3 )); then
      list=(${described(
        words.filter(({ command }) => command.startsWith(`${group} `)),
        command => command.slice(group.length + 1),
      )})
      _describe command list
      return
    fi
    command="$command $words[3]"
  fi`,
  )
  .join("\n")}
  case $command in
${words.map(each => `    ${quoted(each.command)}) _arguments '*: :_files' ${flagsText(each)} ;;`).join("\n")}
  esac
}
compdef _holdfast holdfast
`;
}

/** For zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fish(words: readonly Words[]): string {
  const groups = groupsOf(words);
  const text = (value: string): string => `'${value.replace(/[\\']/g, "\\$&")}'`;
  const lines = words.flatMap(({ command, summary, flags }) => {
    const [first = "", below] = command.split(" ");
    const seen = below === undefined ? first : `${first}; and __fish_seen_subcommand_from ${below}`;
    const at =
      below === undefined
        ? "__fish_use_subcommand"
        : `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${(groups.get(first) ?? []).join(" ")}`;
    return [
      `complete -c holdfast -f -n ${text(at)} -a ${below ?? first} -d ${text(summary)}`,
      ...flags.map(({ long, help, values }) => {
        const value =
          values === undefined ? "" : values.length > 0 ? ` -x -a ${text(values.join(" "))}` : " -r";
        return `complete -c holdfast -n ${text(`__fish_seen_subcommand_from ${seen}`)} -l ${long.slice(2)}${value} -d ${text(help)}`;
      }),
    ];
  });
  return `# Put into ~/.config/fish/completions/holdfast.fish: holdfast completion fish
${lines.join("\n")}
`;
}
