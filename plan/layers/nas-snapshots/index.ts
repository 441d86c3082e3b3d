import { slipOf } from "../../contracts/near";
import type { Layer } from "../layer";
import { lookAtApply } from "./apply";
import { nasSnapshotsJob } from "./jobs";
import { nasSnapshotsSpec } from "./spec";

/** A NAS's own snapshots of a share. */
export const nasSnapshots: Layer<"nas-snapshots", typeof nasSnapshotsSpec> = {
  name: "nas-snapshots",
  summary: "Snapshots that a NAS makes of the share that copies arrive in",
  spec: nasSnapshotsSpec,
  gives: ["snapshots that no host removes"],
  runs: ({ schedule, alert }) => [{ job: "nas-snapshots", at: [], schedule, alert }],
  references(part, at, look, estate) {
    look.destination([...at, "destination"], part.destination);
    const shares = estate.layers["offsite-sync"]
      .filter(({ destination }) => destination === part.destination)
      .flatMap(({ legs }) => legs.map(({ to }) => `/${to.split("/", 2)[1] ?? ""}`));
    const meant = shares.includes(part.share) ? undefined : slipOf(part.share, shares);
    if (meant !== undefined)
      look.fault(
        [...at, "share"],
        part.share,
        `is none that a host sends to: its snapshots would hold no copy, or be refused each night. Did you mean "${meant}"?`,
      );
    const { watch } = part;
    lookAtApply(part, [...at, "apply"], look, estate);
    if (!watch) return;
    look.host([...at, "watch", "host"], watch.host);
    look.secret([...at, "watch", "secret"], watch.secret, "ssh-key");
    look.secret([...at, "watch", "password"], watch.password, "password");
    if (watch.user === "root")
      look.fault(
        [...at, "watch", "user"],
        watch.user,
        "deletes snapshots as it likes, with a key that lies on a host. Expected an account whose sudo takes what a look asks",
      );
    if (watch.secret === watch.password)
      look.fault(
        [...at, "watch", "password"],
        watch.password,
        "is the account's private key already: sudo asks for a password, which is another thing. Give each its own secret",
      );
    const destination = estate.destinations[part.destination];
    if (destination?.receives?.secret === watch.secret)
      look.fault(
        [...at, "watch", "secret"],
        watch.secret,
        `is the key that hosts send to ${part.destination} with, and the NAS opens one folder to it and no look at snapshots. Expected the key of the account that looks, as a secret of its own`,
      );
    if (destination && watch.user === destination.user)
      look.fault(
        [...at, "watch", "user"],
        watch.user,
        `is the account that ${part.destination} is written to by: whose sudo looks at snapshots should write nothing there. Expected an account of its own, e.g. "holdfast"`,
      );
    if (destination?.receives?.secret === watch.password)
      look.fault(
        [...at, "watch", "password"],
        watch.password,
        `is the private key that hosts send with. Expected the password of the account that looks, as a secret of its own`,
      );
    if (destination && destination.kind !== "synology")
      look.fault(
        [...at, "watch", "host"],
        watch.host,
        `can't ask ${part.destination}, which is no Synology: only those have the programs that it asks. Remove "watch"`,
      );
    if (part.schedule.after.length > 0)
      look.fault(
        [...at, "schedule", "after"],
        part.schedule.after,
        "can't be: the NAS makes its snapshots by its own clock, and waits for no job of a host. Remove it",
      );
  },
  jobs: (part, estate, before) => [nasSnapshotsJob(part, estate, before)],
};
