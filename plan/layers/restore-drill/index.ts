import { restoreDrillJobName } from "../../contracts/restore-drill";
import { datasetsOf } from "../../datasets";
import type { Path, Lookup } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import type { Layer } from "../layer";
import { isBelow, isTemporary } from "../places";
import { restoreDrillJob } from "./jobs";
import { type RestoreDrillSpec, restoreDrillSpec } from "./spec";
import { tiersOf } from "./tiers";

/** What is restored on schedule, to be proved and timed before anybody needs it. */
export const restoreDrill: Layer<"restore-drill", typeof restoreDrillSpec> = {
  name: "restore-drill",
  summary: "Restores into a scratch folder that prove a host's copies",
  spec: restoreDrillSpec,
  gives: ["proof that copies come back"],
  runs: ({ host, schedule, alert }) => [{ job: restoreDrillJobName, at: [], host, schedule, alert }],
  references(part, at, look, estate) {
    const { host, target } = part;
    look.backupMount([...at, "target"], host, target);
    look.below([...at, "scratch"], host, part.scratch);
    besideNobody(part, [...at, "scratch"], look, estate);
    if (Object.hasOwn(estate.hosts, host) && tiersOf(part, estate).length === 0)
      look.fault(
        [...at, "target"],
        target,
        `has nothing to drill: no job of ${host} keeps generations or a mirror there. Expected the "target" of its part of "daily-backup" or "nfs-mirror"`,
      );
  },
  jobs: (part, estate, before) => [restoreDrillJob(part, estate, before)],
};

/** A drill's folder is emptied after each copy, and what lies in a tree that is copied would be copied with it. */
function besideNobody(
  { host, target, scratch }: RestoreDrillSpec,
  at: Path,
  look: Lookup,
  estate: Estate,
): void {
  const instead = 'Expected a folder of its own, e.g. "/var/lib/holdfast-drills"';
  if (isBelow(scratch, target))
    look.fault(at, scratch, `lies on the backup disk ${target}, whose room is for copies. ${instead}`);
  if (isTemporary(scratch))
    look.fault(
      at,
      scratch,
      `is where anybody may write and systemd clears away, and it may lie in memory, which a drill would fill. ${instead}`,
    );
  const own = datasetsOf(estate).flatMap(({ id, location: { machine, path } }) =>
    machine.kind === "host" && machine.name === host ? [{ what: `what ${id} has`, path }] : [],
  );
  const mirrored = estate.layers["nfs-mirror"].flatMap(({ host: of, source }) =>
    of === host ? [{ what: "what nfs-mirror copies", path: source }] : [],
  );
  const clash = [...mirrored, ...own].find(
    ({ path }) => isBelow(scratch, path) || (path !== scratch && isBelow(path, scratch)),
  );
  if (clash)
    look.fault(
      at,
      scratch,
      `and ${clash.path} are one below the other: ${clash.what} lies there. ${instead}`,
    );
}
