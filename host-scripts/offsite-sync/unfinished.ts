import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { writeDurably } from "../runtime/durable";
import { errnoOf, Refusal } from "../runtime/errors";
import { quoted, typable } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";
import type { Leg } from "./offsite";

/*
 * Restores into their place that have not come to their end. What such a place lacks is at the destination alone: a full pass would take
 * it for gone, and a run would give folders there the owners and modes of those that are half made here.
 */
type Place = Pick<OffsiteSyncConfig, "stateDir" | "job">;

const fileOf = ({ stateDir }: Place): string => join(stateDir, "restoring.json");

function unfinished(place: Place): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(fileOf(place), "utf8")));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    if (!(error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
    throw new Refusal(
      `${quoted(fileOf(place))} can't be read: a restore may not have come to its end`,
      shell`cat ${fileOf(place)}   (look whether each leg has all that it is to have: what one lacks may be at the destination alone; then ${ready(shell`rm ${fileOf(place)}`)})`,
    );
  }
}

export function beginRestore(place: Place, path: string): void {
  writeDurably(fileOf(place), `${JSON.stringify([...new Set([...unfinished(place), path])])}\n`, 0o600);
}

/** Its place has all of it, and so has what lies below it. */
export function endRestore(place: Place, path: string): void {
  const left = unfinished(place).filter(each => !`${each}/`.startsWith(`${path}/`));
  if (left.length > 0) writeDurably(fileOf(place), `${JSON.stringify(left)}\n`, 0o600);
  else rmSync(fileOf(place), { force: true });
}

/** @throws {Refusal} where one of a leg is */
export function refuseUnfinished(place: Place, { from }: Leg): void {
  const path = unfinished(place).find(each => `${each}/`.startsWith(`${from}/`));
  if (path === undefined) return;
  throw new Refusal(
    `the restore of ${quoted(path)} has not come to its end: what it lacks may be at the destination alone`,
    shell`${place.job} restore ${typable(path)}   (it prints how to move aside what is there; or, if that is all there is to be: ${ready(shell`rm ${fileOf(place)}`)})`,
  );
}
