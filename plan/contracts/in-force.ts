import { z } from "zod";
import { heard } from "./alert-routing";
import { absolutePath, mount } from "./runner";

/**
 * Something that is in force on a host after `up`, as it was declared; its kind says who is asked there what it is now.
 * - `release`: a job's live release, by its release.sh and its manifest. `files` is the sum of what the plan knows of that
 *   (`release-manifest.ts`); absent where it can't be known
 * - `unit`: what systemd has loaded under that name; `calendar` is when a timer elapses, as `OnCalendar=` has it
 * - `mount`: the file system at a path, by the kernel's own table; `options` are those that it can't do without
 * - `certificate`: what a server that jobs talk to shows them, of which an authority says until when it is valid
 * - `rights`: what the account of a job's kubeconfig may do in its cluster, by the cluster's own answer to it
 * - `rules`: a group of alerts that Prometheus has loaded, each by the sum of what it says (`rule-sum.ts`)
 * - `route`: a receiver, as the operator calls it, and the alerts that Alertmanager leads to it, by the labels that their rules give
 * - `textfiles`: the folder from which the host's node-exporter reads what jobs leave, by its command line
 */
export const inForce = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("release"),
    job: z.string().min(1),
    files: z.string().length(64).optional(),
  }),
  z.strictObject({
    kind: z.literal("unit"),
    unit: z.string().min(1),
    calendar: z.string().min(1).optional(),
  }),
  z.strictObject({ kind: z.literal("mount"), ...mount.shape, options: z.array(z.string().min(1)) }),
  z.strictObject({ kind: z.literal("certificate"), url: z.url({ protocol: /^https$/ }) }),
  z.strictObject({
    kind: z.literal("rights"),
    job: z.string().min(1),
    kubeconfig: absolutePath,
    namespace: z.string().min(1),
    rules: z.array(
      z.strictObject({
        apiGroups: z.array(z.string()),
        resources: z.array(z.string().min(1)),
        verbs: z.array(z.string().min(1)),
      }),
    ),
  }),
  z.strictObject({
    kind: z.literal("rules"),
    prometheus: z.url({ protocol: /^https?$/ }),
    group: z.string().min(1),
    alerts: z.array(z.strictObject({ alert: z.string().min(1), sum: z.string().length(64) })),
  }),
  z.strictObject({
    kind: z.literal("route"),
    alertmanager: z.url({ protocol: /^https?$/ }),
    ...heard.shape,
  }),
  z.strictObject({ kind: z.literal("textfiles"), folder: absolutePath }),
]);
export type InForce = z.infer<typeof inForce>;
export type InForceKind = InForce["kind"];

/** Name of the file in a job's state folder with what its last run found to be otherwise than declared: a line each. */
export const differencesName = "differences";
