import { lossesOf } from "../../plan/graph/loss";
import { aftermathOf } from "../../plan/graph/aftermath";
import { domains } from "../../plan/estate/services";
import type { Plan } from "../../plan";
import { backText, lossCell } from "../../plan/graph/loss-words";
import { listed } from "../../checks/wording";
import { none, type Part } from "./part";

/** What a disaster does to a service, in words and as a number. */
interface Cell {
  readonly text: string;
  /** Absent where no copy is left, or where nobody can tell. */
  readonly ms: number | undefined;
}
type Cells = ReadonlyMap<string, { readonly domain: string; readonly subject: string; readonly cell: Cell }>;

/** How much is lost at worst, by service and disaster. */
export function lossPart(before: Plan, after: Plan): Part {
  return partOf("losses", "What is lost at worst", "worstLossSeconds", lossCells(before), lossCells(after));
}

/** How long the bytes of a restore take, by service and disaster. */
export function restorePart(before: Plan, after: Plan): Part {
  return partOf(
    "restores",
    "How long the bytes of a restore take",
    "rtoFloorSeconds",
    restoreCells(before),
    restoreCells(after),
  );
}

function lossCells(plan: Plan): Cells {
  return new Map(
    lossesOf(plan).map(loss => {
      const subject = loss.leftOut ? `${loss.dataset} (left out)` : loss.service;
      const cell = { text: lossCell(loss), ms: loss.worstLossMs };
      return [`${loss.domain} ${subject}`, { domain: loss.domain, subject, cell }];
    }),
  );
}

function restoreCells(plan: Plan): Cells {
  return new Map(
    domains.flatMap(domain =>
      aftermathOf(plan, domain)
        .filter(({ rtoFloorMs, rtoUnknown }) => rtoFloorMs !== undefined || rtoUnknown !== undefined)
        .map(after => {
          const cell = { text: backText(after), ms: after.rtoFloorMs };
          return [`${domain} ${after.service}`, { domain, subject: after.service, cell }] as const;
        }),
    ),
  );
}

/** Services that fare alike are told in one row. */
function partOf(key: string, title: string, unit: string, before: Cells, after: Cells): Part {
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap(name => {
    const [was, is] = [before.get(name), after.get(name)];
    const known = is ?? was;
    if (known === undefined || was?.cell.text === is?.cell.text) return [];
    return [{ ...known, was: was?.cell, is: is?.cell }];
  });
  const rows = new Map<string, { cells: string[]; subjects: string[] }>();
  for (const { domain, subject, was, is } of changes) {
    const cells = [domain, was?.text ?? none, is?.text ?? none];
    const row = rows.get(cells.join("\n")) ?? { cells, subjects: [] };
    row.subjects.push(subject);
    rows.set(cells.join("\n"), row);
  }
  return {
    ...{ key, title, isWorse: false },
    head: ["disaster", "before", "after", "services"],
    rows: domains.flatMap(domain =>
      [...rows.values()]
        .filter(({ cells }) => cells[0] === domain)
        .map(({ cells, subjects }) => [...cells, listed(subjects, 6)]),
    ),
    json: changes.map(({ domain, subject, was, is }) => ({
      ...{ service: subject, domain, before: seconds(was, unit), after: seconds(is, unit) },
    })),
  };
}

/** Null where the service isn't in that estate. */
function seconds(cell: Cell | undefined, unit: string): object | null {
  return cell === undefined
    ? null
    : { [unit]: cell.ms === undefined ? null : cell.ms / 1000, text: cell.text };
}
