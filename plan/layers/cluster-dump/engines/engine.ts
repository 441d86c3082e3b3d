import { z } from "zod";
import { address, image, name, user } from "../../../estate/fields";
import { cronSchedule, runFields } from "../../common";

/** How a kind of server is dumped: all that the layer knows of it, beside its scripts in cluster-scripts/clients. */
export interface Engine<Spec extends z.ZodType = z.ZodType> {
  /** Its `dump` in an estate. */
  readonly spec: Spec;
  /** What its scripts are called after: `NAME-restore.sh`, `NAME-WHAT.sh` for each that makes dumps, and `NAME.sh`, which they read. */
  readonly scripts: string;
  /** WHAT. @param databases as the estate has it, where there are several */
  script(databases: "together" | "each" | undefined): "server" | "databases" | "files";
  /** Whether its client needs room on a disk for as long as it runs. */
  readonly scratch: boolean;
  /** What the names of its job's metrics begin with. @default "backup" */
  readonly metrics?: string;
  /** Where its secret has certificates: how one that ends is made anew, for a sentence that goes on with the stack's secret. */
  readonly certificates?: string;
  /** The same where it has a token that each run renews. */
  readonly token?: string;
  /** What a restore by the job's own program leaves; or what a person does where no job of its cluster can restore it. */
  readonly wayBack: { readonly changes: string; readonly undo: string } | ByHand;
}

/** What a person does, how it is taken back, and what shows that it worked. */
export interface ByHand {
  readonly byHand: string;
  readonly undo: string;
  readonly verifies: string;
}

/** Of each that has a server. @param port where it answers unless the estate says otherwise */
export const server = (port: number) => ({
  image: image.describe(
    "Image with the server's client programs, of its version or a later one, and a shell",
  ),
  server: z
    .strictObject({
      host: address.describe('Its service, e.g. "postgresql.dbaas.svc.cluster.local"'),
      port: z.int().min(1).max(65535).default(port).describe("Port that it answers on"),
      namespace: name
        .optional()
        .describe(
          "Namespace of its pods: a dump's pod reaches nothing else. Left out for what has a node's own address, which is then the only one",
        ),
    })
    .describe("What its client asks"),
  secret: name.describe("Secret with its password, or what else lets its client in"),
});

/** Of each that asks who it is. */
export const account = (port: number) => ({
  ...server(port),
  user: user.describe("Account that may read all of it"),
});

/** A CronJob beside a dump's own. */
const beside = z.strictObject({
  name: name.describe("Name of the CronJob"),
  schedule: cronSchedule,
  ...runFields,
});

export type Beside = z.output<typeof beside>;

/** Of a dump whose image may have the server itself. */
export const drill = {
  drill: beside
    .optional()
    .describe(
      "A CronJob that restores the newest dumps for proof into an empty server, which the image has to have, and counts their rows there. It has neither the server that they are of nor its secret",
    ),
};

/** A look at what is live. */
export const integrity = {
  integrity: beside
    .optional()
    .describe("A CronJob that looks more often than dumps are made whether the live databases are sound"),
};

/** Where databases have no names to give, or none that can be changed. */
export const dumpedBefore = {
  changes:
    "all that the dump has is as its newest good one has it; what it was is in a dump that was made before",
  undo: "the same with --at the time of that dump, which its log names",
};

/** Of what a restore gives another name. What is typed is a shell's, in single quotes: these are others. */
export const backByName =
  'with nobody at work on it, the same with "ASK=restore --back" in the place of ASK=restore: what was there takes its place again, and what is there then gets another name. To go forth again, once more the same';

/** Of each with several databases. */
export const databases = z
  .enum(["together", "each"])
  .describe(
    'All with their accounts as one text of pg_dumpall, mariadb-dump or mysqldump; or "each" by itself, which comes back alone: an archive of pg_dump, a text of the other two',
  );
