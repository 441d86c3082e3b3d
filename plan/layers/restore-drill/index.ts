import { restoreDrillJobName } from "../../contracts/restore-drill";
import { datasetsOf } from "../../datasets";
import type { Path, Lookup } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import type { Layer } from "../layer";
import { stateFolders } from "../host-runner";
import { isBelow, isTemporary, mountAbove } from "../places";
import { parseSize } from "../../units/size";
import { restoreDrillJob } from "./jobs";
import { type RestoreDrillSpec, restoreDrillSpec } from "./spec";
import { tiersOf } from "./tiers";

const instead = 'Expected a folder of its own, e.g. "/var/lib/holdfast-drills"';

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
    look.inMount([...at, "scratch"], host, part.scratch, instead);
    besideNobody(part, [...at, "scratch"], look, estate);
    roomBeside(part, [...at, "leaveFree"], look, estate);
    if (Object.hasOwn(estate.hosts, host) && tiersOf(part, estate).length === 0)
      look.fault(
        [...at, "target"],
        target,
        `has nothing to drill: no job of ${host} keeps generations or a mirror there. Expected the "target" of its part of "daily-backup" or "nfs-mirror"`,
      );
  },
  jobs: (part, estate, before) => [restoreDrillJob(part, estate, before)],
};

/** What is to stay free has to be less than there is. */
function roomBeside(
  { host, scratch, leaveFree }: RestoreDrillSpec,
  at: Path,
  look: Lookup,
  estate: Estate,
): void {
  const mount = mountAbove(estate, host, scratch);
  const { filesystems = {}, disks = {} } = estate.hosts[host] ?? {};
  const filesystem = filesystems[mount];
  const room = filesystem?.size ?? disks[filesystem?.disk ?? ""]?.size;
  if (room !== undefined && parseSize(leaveFree) >= parseSize(room))
    look.fault(
      at,
      leaveFree,
      `is as much as all of ${mount} has (${room}), where the drills restore to: no copy would ever be drilled. Expected what is to stay free beside them, e.g. "10GB"`,
    );
}

/** A drill's folder is emptied after each copy, and what lies in a tree that is copied would be copied with it. */
function besideNobody(
  { host, target, scratch }: RestoreDrillSpec,
  at: Path,
  look: Lookup,
  estate: Estate,
): void {
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
  const sent = estate.layers["offsite-sync"].flatMap(({ host: of, name, legs }) =>
    of === host ? legs.map(({ from }) => ({ what: `what ${name} sends`, path: from })) : [],
  );
  const noted = estate.layers["nfs-change-tracker"].flatMap(({ host: of, log }) =>
    of === host ? [{ what: "the journal of nfs-change-tracker", path: log }] : [],
  );
  const states = [{ what: "what the host's jobs know of their last runs", path: stateFolders }];
  const clash = [...mirrored, ...own, ...sent, ...noted, ...states].find(
    ({ path }) => isBelow(scratch, path) || (path !== scratch && isBelow(path, scratch)),
  );
  if (clash)
    look.fault(
      at,
      scratch,
      `and ${clash.path} are one below the other: ${clash.what} lies there. ${instead}`,
    );
}
