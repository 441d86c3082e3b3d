import { address, user } from "../../plan/estate/fields";
import { BadInput } from "../bad-input";

/** How one gets to a machine. */
export interface Way {
  readonly address: string;
  readonly user: string;
  readonly port: number;
}

/** @throws {BadInput} for words that are no USER@ADDRESS */
export function wayOf(flag: string, text: string, port: number): Way {
  const at = text.lastIndexOf("@");
  const way = { user: at < 0 ? "root" : text.slice(0, at), address: text.slice(at + 1), port };
  for (const [what, schema] of [
    ["user", user],
    ["address", address],
  ] as const) {
    const parsed = schema.safeParse(way[what]);
    if (!parsed.success)
      throw new BadInput(
        `${flag}: ${JSON.stringify(text)} can't be used, ${parsed.error.issues[0]?.message}.`,
      );
  }
  return way;
}
