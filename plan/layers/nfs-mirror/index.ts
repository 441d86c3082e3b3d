import { nfsMirrorJobName } from "../../contracts/nfs-mirror";
import { slipOf } from "../../contracts/near";
import { treesOf } from "../../estate/except-volumes";
import { type Lookup, type Path } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import type { Layer } from "../layer";
import { isBelow } from "../places";
import { nfsMirrorJob } from "./jobs";
import { type NfsMirrorSpec, nfsMirrorSpec } from "./spec";

/** Folders of a backup disk in which other jobs keep generations. */
const others = ["pvc-data", "sqlite-backup", "pve-config", "vm-images"];

/** A tree of services on a host, mirrored each night to the same host's backup disk. */
export const nfsMirror: Layer<"nfs-mirror", typeof nfsMirrorSpec> = {
  name: "nfs-mirror",
  summary: "Nightly mirrors of a host's NFS tree to its backup disk",
  spec: nfsMirrorSpec,
  gives: ["a mirror of a folder"],
  begins: ({ host, target, source, kinds, receiver }) =>
    source !== undefined && kinds.has("tree")
      ? {
          ...{ host, source, target, schedule: { onCalendar: "*-*-* 03:00:00" } },
          keep: others.map(name => ({ name, reason: "generations of another job" })),
          ...{ usualRun: "20min", budget: "1h", promise: { rpo: "27h" }, alert: { receiver } },
        }
      : undefined,
  runs: part => [
    {
      ...{ ...part, job: nfsMirrorJobName, at: [] },
      keeps: { target: part.target, generations: [], mirrors: part.source },
    },
  ],
  references(part, at, look, estate) {
    look.mount([...at, "source"], part.host, part.source);
    const { filesystems = {}, disks = {} } = estate.hosts[part.host] ?? {};
    // Turned round, the check says so, with both ends to write.
    const isTurned = disks[filesystems[part.source]?.disk ?? ""]?.role === "backup";
    if (isTurned) look.mount([...at, "target"], part.host, part.target);
    else look.backupMount([...at, "target"], part.host, part.target);
    rewritten(part, at, look, estate);
  },
  jobs: (part, estate) => [nfsMirrorJob(part, estate)],
};

/** What is made anew each night isn't held when most of it goes: a name that is nothing's holds dumps, a pattern of many holds no service. */
function rewritten(part: NfsMirrorSpec, at: Path, look: Lookup, estate: Estate): void {
  const services = entriesOf(part, treesOf(part.host, estate));
  const dumps = estate.layers["cluster-dump"].flatMap(({ target }) =>
    target.host === part.host ? [target.path] : [],
  );
  const known = [...services, ...entriesOf(part, dumps)];
  for (const [index, { name }] of part.rewritten.entries()) {
    const path = [...at, "rewritten", index, "name"];
    const parts = name.split("*");
    const matched = services.filter(service => isLike(service, parts));
    if (parts.length > 1 && matched.length > 1 && matched.length * 2 > services.length)
      look.fault(
        path,
        name,
        `stands for ${matched.length} of ${services.length} services: nothing that is lost in them would be held. Expected what is made anew alone, e.g. "dump-*.sql.gz"`,
      );
    const meant = parts.length > 1 || known.includes(name) ? undefined : slipOf(name, known);
    if (meant !== undefined)
      look.fault(
        path,
        name,
        `names nothing in "${part.source}", and what is made anew there each night would be held. Did you mean "${meant}"?`,
      );
  }
}

/** Entries of the source that some paths lie in, but those that are left out. */
function entriesOf({ source, excludes }: NfsMirrorSpec, paths: readonly string[]): string[] {
  const entries = paths.flatMap(path => {
    const [entry] = path.slice(source.length + 1).split("/");
    return isBelow(path, source) && entry && !excludes.some(({ name }) => name === entry) ? [entry] : [];
  });
  return [...new Set(entries)];
}

/** Whether a name has the parts of a pattern in their order, with any characters between them. */
function isLike(name: string, [first = "", ...others]: readonly string[]): boolean {
  if (!name.startsWith(first)) return false;
  const last = others.pop();
  if (last === undefined) return name === first;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
