import { z } from "zod";
import { isBelow } from "../layers/places";
import { absolutePath, duration, lasts, line, name, promised, reason, size } from "./fields";

/** Disasters that a promise can be made for. Each destroys the places of one failure domain of the service. */
export const domains = [
  "application",
  "volume",
  "live-disk",
  "backup-disk",
  "host",
  "cluster",
  "nas",
  "site",
  "host-root",
  "secrets",
] as const;
export type Domain = (typeof domains)[number];
export const domain = z.enum(domains);

/** A calendar date, the end of that day in the estate's zone. */
export const date = z.iso.date('expected a date that exists, e.g. "2027-06-30"');

/** Why something is accepted, by whom, until when. */
const acceptance = z.strictObject({
  reason,
  owner: line.describe("Who answers for it"),
  expires: date.describe('Last day on which it holds, in the estate\'s zone, e.g. "2027-06-30"'),
});

const common = {
  name: name.optional().describe("By default the service's name"),
  size: size
    .optional()
    .describe("What is in it; left out, nobody can say how long its restore takes or whether its copies fit"),
  churnPerDay: size
    .optional()
    .describe(
      "Bytes in it that are written anew each day; left out, nobody can say what its snapshots and generations need, or whether a run carries it in time",
    ),
  growthPerDay: size.optional().describe("Bytes more each day; left out, nobody can say when a disk is full"),
  unprotected: acceptance.optional().describe("No copy is wanted: a waiver for this dataset alone"),
};
const onHost = { host: name.describe("Host that it lives on") };
const ofPool = { pool: name.describe("Thin pool of that host that holds it") };
const ofNamespace = { namespace: name.describe("Kubernetes namespace of its claim") };

/** Made anew at each boot, or where a system has its data, caches and guests beside what somebody set up. */
const notConfiguration =
  /^(\/(proc|sys|dev|run|tmp)(\/.*)?|\/var(\/(lib|cache|tmp|run|log))?|\/var\/lib\/vz(\/.*)?)$/;

/** Bytes that somebody needs, by where they live. */
export const dataset = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("volume").describe("Thin volume of a claim, found by pattern"),
      ...common,
      ...onHost,
      ...ofPool,
      ...ofNamespace,
      claim: name.optional().describe("By default the service's name"),
      count: z.int().positive().default(1).describe("How many alike it stands for"),
      encrypted: z
        .boolean()
        .default(false)
        .describe("Whether it is a LUKS volume, whose files are read with a secret of luksSecrets"),
      block: z
        .boolean()
        .default(false)
        .describe(
          "Pods get it as a device (volumeMode: Block): it has no files that a host could copy, and its snapshots are all that is kept of it",
        ),
      holds: z
        .enum(["files", "sqlite", "database"])
        .default("files")
        .describe(
          "What writes in it: files alone, SQLite files too, or a database server, whose files are no backup of it",
        ),
    })
    .superRefine(({ claim, count }, context) => {
      if (claim !== undefined && count > 1)
        context.addIssue({
          code: "custom",
          path: ["count"],
          message: `stands for several volumes, and "${claim}" is the claim of one. Remove the claim, or the count and give each its own entry`,
        });
    }),
  z.strictObject({
    kind: z.literal("tree").describe("Folder of a host"),
    ...common,
    ...onHost,
    path: absolutePath.describe("Folder on that host"),
  }),
  z.strictObject({
    kind: z.literal("database").describe("State of a server that its own client dumps"),
    ...common,
    engine: z
      .enum(["postgresql", "mysql", "mariadb", "etcd", "vault", "redis", "sqlite", "prometheus"])
      .describe("Which server"),
    on: z
      .union([
        z.strictObject({ ...onHost, ...ofPool, ...ofNamespace }),
        z.strictObject({ cluster: name.describe("Cluster whose nodes hold it") }),
      ])
      .describe("The pool of its volume, or the cluster whose nodes' own disks hold it"),
  }),
  z.strictObject({
    kind: z.literal("vm").describe("VM of Proxmox VE, with its own disks"),
    ...common,
    ...onHost,
    ...ofPool,
    id: z
      .int()
      .min(100, "is no VM's id: Proxmox begins at 100. Expected the number that `qm list` prints, e.g. 101")
      .describe("Number that `qm list` prints"),
    cluster: name.optional().describe("Cluster that it is a node of"),
  }),
  z.strictObject({
    kind: z.literal("device").describe("What a firewall knows"),
    ...common,
    firewall: name.describe("Firewall of the estate"),
  }),
  z.strictObject({
    kind: z.literal("configuration").describe("What a host needs to be set up anew"),
    ...common,
    ...onHost,
    paths: z
      .array(absolutePath)
      .min(1)
      .superRefine((paths, context) => {
        for (const [index, path] of paths.entries()) {
          const above = paths.find(
            (other, at) =>
              at !== index && other !== "/" && isBelow(path, other) && (other !== path || at < index),
          );
          const problem = notConfiguration.test(path)
            ? 'is made by the running host, or holds what isn\'t its configuration. Expected what it needs to be set up anew, e.g. "/etc/pve"'
            : above !== undefined
              ? `lies in "${above}", which is copied already. Keep one of the two`
              : undefined;
          if (problem !== undefined) context.addIssue({ code: "custom", path: [index], message: problem });
        }
      })
      .describe("Files and folders of that host"),
  }),
]);
export type DatasetSpec = z.output<typeof dataset>;

const restoredByHand = z.strictObject({
  proven: date.describe("Day on which somebody last restored it for proof, and it was what it is to be"),
  every: duration
    .refine(
      lasts(ms => ms <= 3 * 365 * 86_400_000),
      'is too long: by then the server is another version, and so is whoever restores. Expected three years at most. Example: "180d"',
    )
    .default("180d")
    .describe("How often it has to be proven: three years at most"),
});

/** What people use, and the loss and time that they are owed. */
export const service = z.strictObject({
  data: z.array(dataset).min(1).describe("All bytes that it needs to be what it was"),
  promise: z
    .strictObject({
      rpo: z.partialRecord(domain, promised).describe("Largest loss by disaster"),
      rto: promised
        .optional()
        .describe("Longest time until it is back, in the worst disaster that has a promise"),
    })
    .optional()
    .describe(
      "What its people are owed; left out, nothing: no loss of it is too large for any check, which is a warning",
    ),
  needs: z.array(name).default([]).describe("Services that have to be back before it can be restored"),
  secrets: z.array(name).default([]).describe("Secrets that its restore needs"),
  restoredByHand: restoredByHand
    .optional()
    .describe("When a person proved a restore of what no drill restores of it, such as a server's dump"),
});
export type Service = z.output<typeof service>;

/** Something that opens a copy: a password, a key. */
export const secret = z.strictObject({
  keptIn: z
    .array(z.union([name, z.literal("break-glass")]))
    .min(1)
    .refine(
      keptIn => new Set(keptIn).size === keptIn.length,
      "names one place twice, and is no safer by that. Keep one of the two",
    )
    .describe("Services that hold it, and `break-glass` for a copy on paper or with a person"),
  pinned: z.boolean().default(true).describe("False for one that is weak, shared or typed in clear text"),
});

/** The set that has the secrets which are kept outside of all services, and when somebody last opened it. */
export const breakGlass = z.strictObject({
  where: line.describe('Where it is, for people, e.g. "with the deeds, bank safe 12, Sofia"'),
  proven: date.describe("Day on which `holdfast break-glass verify` last ended well with what is kept there"),
  every: duration
    .refine(
      lasts(ms => ms <= 3 * 365 * 86_400_000),
      'is too long: by then nobody knows where it lies, and what it holds has changed. Expected three years at most. Example: "365d"',
    )
    .default("180d")
    .describe("How often it has to be proven: three years at most"),
});

/** A finding that is accepted for a while. */
export const waiver = acceptance.extend({
  code: z
    .string()
    .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'expected a finding\'s code, e.g. "routes/no-copy"')
    .describe("Code of the finding, as `holdfast check` prints it"),
  subject: line.describe("What the finding speaks of, as it is printed before it"),
});
