import { z } from "zod";
import { planOf } from "../../plan";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { namedBy, readEstate } from "../estate-source";
import { asJson } from "../find/as-json";
import { lastInstant } from "../find/at";
import { type Found, search, type Search } from "../find/found";
import { textOf } from "../find/print";
import { soughtBy } from "../find/sought";
import { keyFlag } from "../host-shell";

const options = z.object({
  ...estateOptions,
  what: z.string().min(1, "expected a service or a path"),
  at: z.string().optional(),
  host: z.string().optional(),
  key: z.string().optional(),
});

/** `holdfast find`: every version that is there of a service's data or of one path in it, as the house itself says. */
export const find: CommandSpec<z.output<typeof options>> = {
  name: "find",
  summary:
    "Every version that is there of a service or a path, as the hosts say, and the command that brings it back",
  argument: [
    "<what>",
    "SERVICE, SERVICE/DATASET, NAMESPACE/CLAIM, a path of a host, or a path below one of them",
  ],
  flags: [
    ...estateFlags,
    [
      "--at <time>",
      'the newest at or before it comes first: "Sun 05:59" (the last one), "2026-12-01 05:59" or ISO 8601 with Z',
    ],
    ["--host <name>", "data of this host alone"],
    keyFlag,
  ],
  options,
  async run({ stack, estate: file, json, what, at, host, key }, caller) {
    const plan = planOf(await readEstate({ stack, estate: file }, caller));
    const { zone } = plan.estate;
    const { nowMs, terminal, columns } = caller;
    const atMs = at === undefined ? undefined : lastInstant(at, zone, nowMs);
    const sought = soughtBy(plan, what, host);
    const asked = { estate: plan.estate, named: namedBy({ stack, estate: file }, caller), key };
    const all = await search(asked, plan, sought);
    const chosen = atMs === undefined ? [] : chosenOf(all.found, atMs);
    const result = { ...all, found: [...chosen, ...all.found.filter(each => !chosen.includes(each))] };
    const reader = { what: JSON.stringify(what), zone, nowMs, atMs, terminal, columns };
    return {
      text: json
        ? JSON.stringify(asJson(result, chosen, reader), undefined, 2)
        : textOf(result, chosen, reader),
      exitCode: exitCodeOf(result, atMs !== undefined && chosen.length === 0),
    };
  },
};

/** Of each dataset, the newest version that isn't younger. @param found the newest first */
function chosenOf(found: readonly Found[], atMs: number): Found[] {
  const chosen = new Map<string, Found>();
  for (const each of found)
    if (each.takenMs !== undefined && each.takenMs <= atMs && !chosen.has(each.dataset))
      chosen.set(each.dataset, each);
  return [...chosen.values()];
}

function exitCodeOf({ found, unasked, byHand }: Search, lacksChosen: boolean): number {
  if (unasked.length > 0 || (found.length === 0 && byHand.length > 0)) return 3;
  return found.length === 0 || lacksChosen ? 1 : 0;
}
