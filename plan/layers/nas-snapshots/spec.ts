import { z } from "zod";
import { absolutePath, name, user } from "../../estate/fields";
import { retention } from "../../retention";
import { runFields, schedule } from "../common";

/** Who looks whether the NAS does what the estate says. */
const watch = z.strictObject({
  host: name.describe("Host whose timer looks, whenever a snapshot is due"),
  user: user.describe(
    "Account of the NAS that logs in with a key, and whose sudo takes the commands of docs/layers/nas-snapshots.md and no other",
  ),
  secret: name.describe("Secret with its private key"),
  password: name.describe("Secret with its password, which sudo asks for"),
  mayDelete: z
    .boolean()
    .default(false)
    .describe(
      "Whether sudo lets that account delete snapshots: then root of the host can, and they don't count as out of its reach",
    ),
});

/** Who sets the retention on the NAS, when Pulumi deploys. */
const apply = z.strictObject({
  user: user.describe(
    "Account of the NAS that logs in with a key while `pulumi up` runs, and whose sudo reads and sets the share's retention",
  ),
  secret: name.describe("Secret with its private key; it lies on no host"),
  password: name.describe("Secret with its password, which sudo asks for; it lies on no host"),
});

/** The NAS's own snapshots of a share, which nothing on a host can remove. */
export const nasSnapshotsSpec = z.strictObject({
  destination: name.describe("Destination of the estate that makes them"),
  share: absolutePath
    .regex(
      /^\/[^/]+$/,
      'is no share: a NAS makes snapshots of whole shares, and each night would fail. Expected the first part of the legs\' "to", e.g. "/Backup"',
    )
    .describe("Folder of the share, e.g. /Backup"),
  volume: absolutePath.default("/volume1").describe("Volume of the NAS that the share lies on"),
  schedule: schedule.describe("When the NAS makes a snapshot"),
  keep: retention,
  watch: watch
    .optional()
    .describe(
      "A host that looks after them: without it, they are planned, and nobody sees whether they are made",
    ),
  apply: apply
    .optional()
    .describe(
      "An account by which `pulumi up` sets `keep` on the NAS and reads it back: without it, somebody sets it in DSM",
    ),
  ...runFields,
});
export type NasSnapshotsSpec = z.output<typeof nasSnapshotsSpec>;
