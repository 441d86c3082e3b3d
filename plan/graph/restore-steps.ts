import { shellWord } from "../contracts/shell-word";
import type { Machine } from "../place";
import { type Blank, blanks, type Outcome, type Phrase, type Step } from "../way-back";
import { chainOf, type Copy } from "./copies";

/** A step of one copy's way back, with nothing left to fill in. */
export type RestoreStep = Outcome<string> & {
  readonly where: Machine;
} & (
    | { readonly kind: "command"; readonly argv: readonly string[] }
    | { readonly kind: "manual"; readonly text: string; readonly argv?: readonly string[] }
  );

/**
 * What brings a copy back, step by step. What was copied on as part of a tree is brought back to where that tree was found,
 * hop by hop; there the program that made the copy restores it.
 * @param at of a copy that is one of many files, when it was made, ISO 8601; the newest unless given
 * @param path of what a program has packed whole, the path below the dataset that alone comes back, where there is a way for it
 */
export function restoreSteps(copy: Copy, at?: string, path = ""): RestoreStep[] {
  const chain = chainOf(copy);
  const made = chain.findLastIndex(({ flow }) => flow.source.kind !== "tree");
  const hops = chain.slice(Math.max(0, made)).reverse();
  return hops.flatMap((hop, index) => {
    const before = hops[index + 1];
    const to = before ? carried(hop, before, chain[made]) : restored(hop);
    const words = { ...to, path, at: at === undefined ? "" : `\\ --at\\ ${at}` };
    const { steps, ofPath } = hop.flow.wayBack;
    return (path !== "" && !before && ofPath ? ofPath : steps).map(step => filledStep(step, words, hop));
  });
}

/** Stands for the name of a folder that its program alone knows. */
const newest = "NEWEST";

/**
 * What is typed in the place of the first step of a copy that came as part of a tree, for that copy alone: the whole tree may be hundreds of
 * times as much. Whoever types it reads the name first that stands as NEWEST.
 * @returns undefined where all of the tree has to come, or the step brings no more anyway
 */
export function stepAlone(
  copy: Copy,
): { readonly reads: readonly string[]; readonly brings: readonly string[] } | undefined {
  const chain = chainOf(copy);
  const made = chain.findLast(({ flow }) => flow.source.kind !== "tree");
  const before = chain.at(-2);
  const { lists, steps } = copy.flow.wayBack;
  const [first] = steps;
  if (!made || !before || !lists || !first || !isNamed(made)) return undefined;
  const words = carried(copy, before, made);
  const [, needs = ""] = words.from.split("/./*/");
  if (needs === "") return undefined;
  const alone = { ...words, to: `${words.to}/${newest}/${needs}` };
  return { reads: argvOf(lists, words), brings: argvOf(first.argv ?? [], alone) };
}

/** Whether what brings a copy back at last can bring one path of it alone. */
export function bringsPaths(copy: Copy): boolean {
  const made = chainOf(copy).findLast(({ flow }) => flow.source.kind !== "tree");
  return made?.flow.wayBack.ofPath !== undefined;
}

/** What the program of a copy's job calls it; undefined where the estate doesn't tell. */
export function nameIn(copy: Copy): string | undefined {
  if (!isNamed(copy)) return undefined;
  const called = calledOf(copy);
  // All of a tree is many things to its program, each of a time of its own.
  return called === "." ? undefined : called;
}

/** What the program of the copy's job calls its dataset; nothing where that lists no versions. */
export function calledOf(copy: Copy): string | undefined {
  const { called } = copy.flow.wayBack;
  return called === undefined ? undefined : filled(called, restored(copy), text => text);
}

type Words = Readonly<Record<Blank["blank"], string>>;

/** From where its job has put it. */
function restored({ dataset, flow, location }: Copy): Words {
  const shape = location.path.slice(flow.target.path.length).replace(/^\//, "");
  const [entry = "", ...below] = shape.split("/");
  return {
    claim: claimOf(dataset),
    from: location.path,
    to: dataset.location.path,
    relative: "",
    entry: entry === "" ? "." : entry,
    below: below.join("/"),
    ...{ path: "", at: "" },
  };
}

/** From where a tree's copier has put it to where it was. @param made the copy whose program restores it at last */
function carried(hop: Copy, before: Copy, made: Copy | undefined): Words {
  const words = { ...restored(hop), to: before.location.path };
  const needs = made?.flow.wayBack.needs;
  if (!made || needs === undefined) return words;
  // The tree that its program knows lies as deep in each copy of it.
  const below = made.location.path.length - made.flow.target.path.length;
  const root = ({ location: { path } }: Copy): string => path.slice(0, path.length - below);
  const from = `${root(hop)}/./${filled(needs, restored(made), text => text)}`;
  return { ...words, from, to: root(before), relative: "--relative" };
}

/** "NAMESPACE/CLAIM" of a volume: what follows its pool's name. */
function claimOf({ location: { path } }: Copy["dataset"]): string {
  return path.slice(path.indexOf("/") + 1);
}

/** The claim of a database's volume, or of one of many that are counted, is the cluster's to say. */
function isNamed({ dataset: { kind, count }, flow: { source } }: Copy): boolean {
  return (source.kind !== "volumes" && source.kind !== "copies-of") || (kind === "volume" && count === 1);
}

function filledStep(step: Step, words: Words, copy: Copy): RestoreStep {
  const base = {
    where: step.where,
    changes: filled(step.changes, words, shellWord),
    undo: filled(step.undo, words, shellWord),
    verifies: filled(step.verifies, words, shellWord),
  };
  const argv = argvOf(step.argv ?? [], words);
  if (step.kind === "manual") {
    const text = filled(step.text, words, shellWord);
    return { ...base, kind: "manual", text, ...(argv.length > 0 && { argv }) };
  }
  if (isNamed(copy)) return { ...base, kind: "command", argv };
  const text = `for each of its volumes, with its own namespace and claim in the place of ${words.claim}`;
  return { ...base, kind: "manual", text, argv };
}

/** A name that begins as an option does is behind "--": `nfs-mirror restore x --dry-run` would end well, and restore nothing. */
function argvOf(argv: readonly Phrase[], words: Words): string[] {
  const each = argv
    .map(word => ({
      text: filled(word, words, text => text),
      isName: typeof word !== "string" && !word.includes(blanks.relative),
    }))
    .filter(({ text }) => text !== "");
  const asOption = each.findIndex(({ text, isName }) => isName && text.startsWith("-"));
  return each.flatMap(({ text }, index) => (index === asOption ? ["--", text] : [text]));
}

function filled(phrase: Phrase, words: Words, quoted: (text: string) => string): string {
  if (typeof phrase === "string") return phrase;
  return phrase
    .map(part =>
      typeof part === "string" ? part : words[part.blank] === "" ? "" : quoted(words[part.blank]),
    )
    .join("");
}

/**
 * Lines to paste into bash, as they are; those that begin with "# " are words for people. Each machine is named before what
 * is done there, and a command that follows what a person does is not for the same paste.
 */
export function restoreText(steps: readonly RestoreStep[]): string {
  return steps
    .flatMap((step, index) => {
      const before = steps[index - 1];
      const isElsewhere = before?.where.name !== step.where.name || before.where.kind !== step.where.kind;
      const waits = steps.slice(0, index).some(({ kind }) => kind === "manual");
      return [
        ...(isElsewhere ? [`# on ${shellWord(step.where.name)}:`] : []),
        lineOf(step, waits, steps[index + 1]),
      ];
    })
    .join("\n");
}

/** @param waits whether a person has to do something before it */
function lineOf(step: RestoreStep, waits: boolean, next: RestoreStep | undefined): string {
  const command = step.argv?.map(shellWord).join(" ") ?? "";
  if (step.kind === "manual")
    return `# ${waits ? "then " : ""}${step.text}${command === "" ? "" : `: ${command}`}`;
  if (waits) return `# then: ${command}`;
  const goesOn = next?.kind === "command" && next.where.name === step.where.name;
  return goesOn ? `${command} &&` : command;
}
