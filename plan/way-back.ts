import type { Machine } from "./place";

/**
 * How one dataset comes back from where a job has put it. The program that wrote a copy lists, verifies and restores it,
 * and nothing else knows its layout: so a layer gives the commands of its own program, and a view fills in and prints them.
 */
export interface WayBack {
  /** One after the other. */
  readonly steps: readonly Step[];
  /** What brings one path of it alone where `steps` bring all; left out where nothing does. */
  readonly ofPath?: readonly Step[];
  /**
   * What the steps read below the flow's target, for whoever brings it back from where another job has copied it on; "*"
   * is a folder whose name the program alone knows. The copy's own path unless given.
   */
  readonly needs?: Phrase;
  /** Shows what lies in `to`, of which the first step brings each folder alone too; left out where it brings all or nothing. */
  readonly lists?: readonly Phrase[];
  /** What the job's program calls it among the versions that it lists; left out where it lists none. */
  readonly called?: Phrase;
}

/** One thing to do. Never one that starts the job itself, which writes. */
export type Step = Outcome<Phrase> & {
  readonly where: Machine;
} & (
    | { readonly kind: "command"; readonly argv: readonly Phrase[] }
    /** What a person does; with a command, one that they look at before they start it. */
    | { readonly kind: "manual"; readonly text: Phrase; readonly argv?: readonly Phrase[] }
  );

/** What a step comes to. */
export interface Outcome<Text> {
  /** What is otherwise afterwards, and what stays. */
  readonly changes: Text;
  /** How everything is as before. */
  readonly undo: Text;
  /** How one knows that it worked. */
  readonly verifies: Text;
}

/** A text, or one word of a command, with blanks that a view fills in. */
export type Phrase = string | readonly (string | Blank)[];

/**
 * - `claim`: of a volume, "NAMESPACE/CLAIM"
 * - `from`: the copy's path, without a slash at its end; what another way back `needs`, below the tree's root
 * - `to`: path of the dataset, or of the copy that was copied on
 * - `relative`: an option of rsync where `from` needs it; else the word is left out
 * - `entry`: first name of the copy below the flow's target; "." for all of it
 * - `below`: the path below that; left out where there is none
 * - `path`: the path below the dataset that is asked for; left out where all of it is
 * - `at`: in a word that a shell reads, " --at TIME" for another copy than the newest, its blanks escaped; else nothing
 */
export interface Blank {
  readonly blank: "claim" | "from" | "to" | "relative" | "entry" | "below" | "path" | "at";
}

function blank(name: Blank["blank"]): Blank {
  return { blank: name };
}

export const blanks = {
  claim: blank("claim"),
  from: blank("from"),
  to: blank("to"),
  relative: blank("relative"),
  entry: blank("entry"),
  below: blank("below"),
  path: blank("path"),
  at: blank("at"),
} as const;

/** A phrase as it is read: phrase`from ${blanks.from} to ${blanks.to}`. */
export function phrase(literals: TemplateStringsArray, ...values: readonly (string | Blank)[]): Phrase {
  return literals.flatMap((literal, index) => {
    const value = values[index];
    return value === undefined ? [literal] : [literal, value];
  });
}
