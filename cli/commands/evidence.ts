import { resolve } from "node:path";
import { z } from "zod";
import { counted } from "../../checks/wording";
import { planOf } from "../../plan";
import { BadInput } from "../bad-input";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { drillersThere } from "../drill/tasks";
import { namedBy, readEstate } from "../estate-source";
import { recordsOf } from "../evidence/ask";
import { type Dossier, hostEvidence, notProvedLines, servicesOf } from "../evidence/dossier";
import { earlierIn, writeDossier } from "../evidence/folder";
import { lastInstant } from "../find/at";
import { oneLine } from "../find/print";
import { keyFlag } from "../host-shell";
import { type Look, tableText } from "../table";

const options = z.object({
  ...estateOptions,
  since: z.string().optional(),
  to: z.string().min(1, 'expected a folder, e.g. "evidence"').optional(),
  key: z.string().optional(),
});

/** Of what failed, as its program says it: all of it stands in the dossier. */
const mostReason = 500;

/** `holdfast evidence`: what hosts have on record of restores that were proved, and whether that is what was written. */
export const evidence: CommandSpec<z.output<typeof options>> = {
  name: "evidence",
  summary:
    "Which restores were proved, as the hosts have it on record, and whether a record was changed or is missing",
  flags: [
    ...estateFlags,
    [
      "--since <date>",
      'drills from then on: "2026-11-01", "2026-11-01 06:00" or ISO 8601 with Z; all records are verified',
    ],
    [
      "--to <folder>",
      "write a dossier there, as HTML and JSON, and hold the records to the earlier ones that lie there",
    ],
    keyFlag,
  ],
  options,
  async run({ stack, estate: file, json, since, to, key }, caller) {
    const plan = planOf(await readEstate({ stack, estate: file }, caller));
    const drillers = drillersThere(plan);
    const sinceMs = since === undefined ? -Infinity : instant(since, plan.estate.zone, caller.nowMs);
    const folder = to === undefined ? undefined : resolve(caller.folder, to);
    const earlier = folder === undefined ? new Map() : earlierIn(folder);
    const asked = { estate: plan.estate, named: namedBy({ stack, estate: file }, caller), key };
    const hosts = (await recordsOf(asked, drillers)).map(({ driller, told }) =>
      hostEvidence(driller, told, { sinceMs, nowMs: caller.nowMs, earlier }),
    );
    const dossier: Dossier = {
      made: new Date(caller.nowMs).toISOString(),
      since: since === undefined ? null : new Date(sinceMs).toISOString(),
      estate: plan.estate.name,
      ...{ hosts, services: servicesOf(plan, drillers, hosts, caller.nowMs) },
    };
    const written = folder === undefined ? [] : writeDossier(folder, dossier);
    return {
      text: json
        ? JSON.stringify({ ...dossier, written, heldTo: [...earlier.keys()] }, undefined, 2)
        : textOf(dossier, { written, heldTo: earlier.size, look: caller }),
      exitCode: exitCodeOf(dossier),
    };
  },
};

/** A day begins at its midnight. */
function instant(text: string, zone: string, nowMs: number): number {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const also = ', or a day, "2026-12-01"';
  const ms = lastInstant(isDay ? `${text} 00:00` : text, zone, nowMs, { flag: "--since", also });
  if (ms <= nowMs) return ms;
  throw new BadInput(
    `--since: "${text}" hasn't come: expected an instant from which on there may be drills.`,
  );
}

function exitCodeOf({ hosts }: Dossier): number {
  if (hosts.some(({ state }) => state === "broken")) return 1;
  return hosts.some(({ state }) => state === "unknown") ? 3 : 0;
}

function textOf(
  { hosts, services }: Dossier,
  {
    written,
    heldTo,
    look,
  }: { readonly written: readonly string[]; readonly heldTo: number; readonly look: Look },
): string {
  const rows = services.map(each => [each.service, each.proved ?? "-", notProvedLines(each).join("\n")]);
  // A copy holds the data of several services.
  const failed = new Set(
    services.flatMap(each =>
      each.failed.map(({ copy, at, reason }) => `${copy} failed ${at}: ${reason.slice(0, mostReason)}`),
    ),
  );
  return [
    tableText(["service", "proved last", "not proved"], rows, look),
    ...[...failed].map(oneLine),
    ...hosts.flatMap(({ whose, state, records, head, faults, notes, drills }) => {
      const failed = drills.filter(({ result }) => result === "failed").length;
      const said = [...faults, ...notes].map(text => `${whose}: ${text}`);
      if (state === "unknown") return said;
      return [
        ...said,
        state === "broken"
          ? `${whose}: the records aren't those that were written. Next: docs/evidence.md says what each fault means, and what to do.`
          : head === null
            ? `${whose}: nothing was drilled yet.`
            : `${whose}: ${counted(drills.length, "drill")} in that time, ${failed} of them failed; all ${counted(records, "record")} hang together. Record ${head.number} has the hash ${head.hash}`,
      ];
    }),
    ...(heldTo > 0 ? [`The records were held to ${counted(heldTo, "earlier dossier")}.`] : []),
    ...written.map(path => `${path}: written`),
  ].join("\n");
}
