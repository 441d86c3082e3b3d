import { acceptedBy, type Accepted } from "../../plan/contracts/accepted";
import { nearest } from "../../plan/contracts/near";
import { Refusal } from "./errors";
import { notedName } from "./quoted";

/**
 * A slip of the pen in `--accept` would do nothing, and end as the failure that it should answer.
 * @param names what may be accepted, as messages show it
 * @param wording what a name of nothing is told, where the names are shown, and what is safe if something was changed before
 * @throws {Refusal} that says what may have been meant
 */
export function refuseUnknown(
  { accepted }: { readonly accepted: ReadonlySet<string> },
  names: ReadonlySet<string>,
  wording: { readonly none: string; readonly next: string; readonly kept?: string | undefined },
): void {
  const unknown = [...accepted].find(name => !names.has(name));
  if (unknown === undefined) return;
  // Nobody should be led to accept everything at once.
  const near = nearest(
    unknown,
    [...names].filter(name => name !== "."),
  ).map(name => `"${name}"`);
  const meant = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
  throw new Refusal(`--accept="${unknown}" ${wording.none}${meant}`, wording.next, wording.kept);
}

/**
 * What is accepted as a whole, and an entry is or lies in.
 * @param entries those in force
 * @param name byte by byte as latin1, with all that the estate puts before it
 * @returns the same as far as it is accepted
 */
export function acceptedPart(entries: readonly Accepted[], name: string): string | undefined {
  const entry = acceptedBy(entries, notedName(name));
  const depth = entry?.path.split("/").filter(word => word !== "").length;
  return depth === undefined ? undefined : name.split("/").slice(0, depth).join("/");
}
