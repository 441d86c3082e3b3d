import { type BigIntStats, lstatSync } from "node:fs";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { errnoOf } from "../../runtime/errors";
import { inTree, statIn } from "../../runtime/tree-path";
import { isInPlace, isUnfinished, type RestoreRecord } from "./record";

/**
 * What a restore has left out, as the mirror could not be read there, and that isn't back: what the mirror has of it, a part of a
 * file perhaps, is all that there is.
 * @returns names as the record has them, each with that below the mirror's root
 */
export function leftOutOf(
  config: NfsMirrorConfig,
  record: RestoreRecord,
): { readonly name: string; readonly path: string }[] {
  if (isUnfinished(record) || !isInPlace(record, config)) return [];
  return record.lacked
    .map(name => ({ name, path: record.below === "" ? name : `${record.below}/${name}` }))
    .filter(({ path }) => !isBack(config, path));
}

/** Something else may have its name by now, such as a database that an application has made anew. Of a folder nobody knows what it held. */
function isBack({ source, target }: NfsMirrorConfig, path: string): boolean {
  let kept: BigIntStats;
  try {
    kept = lstatSync(inTree(target.path, path), { bigint: true });
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
  const now = statIn(source.path, path);
  return !kept.isDirectory() && now?.size === kept.size && now.mtimeNs === kept.mtimeNs;
}
