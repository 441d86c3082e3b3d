import { shellWord } from "../../plan/contracts/shell-word";
import { reachedBy, type Taken } from "./all";
import type { Ended, Stage } from "./go";
import type { Options } from "./typed";

/** What was typed, by whom. */
export interface Said extends Pick<Stage, "asked" | "ask"> {
  readonly typed: Options;
  /** With --all, what the disaster has taken. */
  readonly taken: Taken | undefined;
}

/** What came of it. */
interface Came {
  readonly all?: readonly Ended[];
  /** Datasets of which there is no copy. */
  readonly missing?: readonly string[];
}

/** As the operator would type it again. */
export function again(
  { typed, asked, taken, ask }: Said,
  verb: "find" | "restore",
  { all: ended = [], missing: now = [] }: Came = {},
  without: readonly string[] = [],
): string {
  const { what = "", all, domain = "", place, path, at, host, from, partial, whole, key } = typed;
  const { kubeconfig, context } = typed;
  if (all && verb === "find")
    return ["holdfast lose --domain", shellWord(domain), "--at now", ...asked.named.map(shellWord)].join(" ");
  const isFind = verb === "find";
  const { order = [], sought = [] } = taken ?? {};
  const parts = sought
    .map(({ dataset }) => dataset)
    .filter(({ id }) => now.includes(id) || typed.missing?.includes(id));
  const reached = reachedBy(ended, { order, missing: parts }, typed, ask !== undefined);
  const { after, except, unconfirmed, missing } = reached;
  const left = [...except, ...without];
  const meant = all
    ? [
        ...["--all", "--domain", domain],
        ...(place === undefined ? [] : ["--place", shellWord(place)]),
        ...(after === undefined ? [] : ["--after", shellWord(after)]),
        ...(left.length === 0 ? [] : ["--except", left.join(",")]),
        ...(unconfirmed.length === 0 ? [] : ["--unconfirmed", unconfirmed.join(",")]),
        ...(missing.length === 0 ? [] : ["--missing", shellWord(missing.join(","))]),
      ]
    : [shellWord(isFind && path !== undefined ? `${what}/${path}` : what)];
  const flags = isFind ? { at, host, key } : { at, host, from, path, key, kubeconfig, context };
  return [
    ...["holdfast", verb, ...meant],
    ...Object.entries(flags).flatMap(([flag, value]) =>
      value === undefined ? [] : [`--${flag}`, shellWord(value)],
    ),
    ...(!isFind && partial ? ["--partial"] : []),
    ...(!isFind && whole ? ["--whole"] : []),
    ...asked.named.map(shellWord),
  ].join(" ");
}
