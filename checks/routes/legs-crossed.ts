import type { Plan } from "../../plan";
import type { ExampleEstate } from "../../plan/estate/example";
import { exampleKey } from "../../plan/estate/example-keys";
import type { Job } from "../../plan/job";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { type Leg, legsOf } from "../legs";
import { fieldOf, write } from "../said";

export const legsCrossed = defineCheck({
  code: "routes/legs-crossed",
  severity: "error",
  title: "Two legs send each other's folder, or a host sends into another one's",
  why: "The ends of two legs, swapped crosswise, are both there and both get bytes. The first run deletes in each folder what the other one had sent, and sends all of it again.",
  run: plan => [
    ...ofOtherHosts(plan),
    ...crossings(plan).map(({ called, one, other }) => {
      const [source, target] = [fieldOf(one.said.source), fieldOf(one.said.target)];
      return {
        subject: called,
        message: `${called} sends ${one.from.path} to ${one.to}, and ${other.from.path} to ${other.to}: each folder is called as what the other leg sends, and the next run deletes in both what was sent there before. Nothing has been changed by this check.`,
        fix: `Swap the two in its legs: ${source}: "${one.from.path}", ${target}: "${other.to}", and ${source}: "${other.from.path}", ${target}: "${one.to}".`,
        evidence: { one: [one.from.path, one.to], other: [other.from.path, other.to] },
      };
    }),
  ],
  without: plan => {
    const meant = structuredClone(plan.estate);
    for (const { one, other } of crossings(plan)) {
      write(meant, one.said.target, other.to);
      write(meant, other.said.target, one.to);
    }
    for (const { leg, to } of strangers(plan)) write(meant, leg.said.target, to);
    return [meant];
  },
  examples: {
    bad: [
      mended(
        example("the photos' leg and the backup disk's, with each other's target", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/nfs/photos" },
              { from: "/srv/nfs/photos", to: "/Backup/pve-backup" },
            ],
          }),
        ),
        {
          says: 'from: "/mnt/backup", to: "/Backup/pve-backup", and from: "/srv/nfs/photos", to: "/Backup/nfs/photos"',
          edit: ({ layers }) =>
            edit(layers["offsite-sync"][0], {
              legs: [
                { from: "/mnt/backup", to: "/Backup/pve-backup" },
                { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
              ],
            }),
        },
      ),
      mended(
        example("the backup disk's leg into the folder of another host", estate => {
          besideAttic(estate);
          edit(estate.layers["offsite-sync"][0]?.legs[0], { to: "/Backup/attic" });
        }),
        {
          says: 'Write to: "/Backup/pve"',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[0], { to: "/Backup/pve" }),
        },
      ),
    ],
    good: [
      example("legs to folders that are called as what they hold"),
      example("a leg of what another host has put there", estate => {
        besideAttic(estate);
        estate.layers["offsite-sync"][0]?.legs.push({ from: "/srv/nfs/attic", to: "/Backup/attic" });
        edit(estate.services, {
          attic: {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/attic", size: "1GB" }],
            promise: { rpo: { site: "33h" } },
          },
        });
        estate.layers["nfs-mirror"][0]?.excludes?.push({ name: "attic", reason: "goes by a leg of its own" });
      }),
      example("legs to folders of other names", ({ layers }) =>
        edit(layers["offsite-sync"][0], {
          legs: [
            { from: "/mnt/backup", to: "/Backup/one" },
            { from: "/srv/nfs/photos", to: "/Backup/two" },
          ],
        }),
      ),
    ],
  },
});

/** Another host, of which nothing is copied yet. */
function besideAttic({ hosts }: ExampleEstate): void {
  hosts["attic"] = {
    ...{ site: "home", address: "attic.example", ssh: { hostKey: exampleKey("Attic") } },
    ...{ disks: { sda: { medium: "ssd", size: "1TB" } }, filesystems: {} },
  };
}

interface Stranger {
  readonly job: Job;
  readonly leg: Leg;
  /** Whose folder it is by its name. */
  readonly host: string;
  /** The same folder by the name of the host that sends there. */
  readonly to: string;
}

/**
 * Legs into a folder that is called after another host than the one that sends there. A host may be called "media", as a folder may: one on
 * the way is a host's only where others are.
 */
function strangers({ jobs, estate }: Plan): Stranger[] {
  const hosts = Object.keys(estate.hosts);
  const areCalledAfterHosts = jobs.some(job =>
    legsOf(job).some(({ to }) => to.toLowerCase().split("/").includes(job.host)),
  );
  return jobs.flatMap(job =>
    legsOf(job).flatMap(leg => {
      const [parts, from] = [leg.to.split("/"), leg.from.path.split("/")];
      const host = hosts.find(name => parts.includes(name) && !from.includes(name));
      if (host === undefined || bears(parts, job.host)) return [];
      if (parts.at(-1) !== host && !areCalledAfterHosts) return [];
      return [{ job, leg, host, to: parts.map(part => (part === host ? job.host : part)).join("/") }];
    }),
  );
}

function bears(parts: readonly string[], host: string): boolean {
  return parts.some(part => `-${part.toLowerCase()}-`.includes(`-${host}-`));
}

/** Where two hosts have each other's, that is one mistake. */
function ofOtherHosts(plan: Plan): Found[] {
  const all = strangers(plan);
  const [first, ...others] = all;
  if (!first) return [];
  const [{ job, leg, host }] = [first];
  return [
    {
      subject: job.called,
      message: `${all.map(each => `${each.job.called} sends ${each.leg.from.path} of ${each.job.host} to ${each.leg.to}`).join(", and ")}: ${others.length === 0 ? `by its name, that folder is ${host}'s, and` : "by its name, each folder is another host's, and"} the next run deletes what was sent there before. Nothing has been changed by this check.`,
      fix: `Write ${all.map(each => `${fieldOf(leg.said.target)}: "${each.to}" in the leg of ${each.job.called}`).join(", and ")}.`,
      evidence: { legs: all.map(each => `${each.job.host}: ${each.leg.to}`) },
    },
  ];
}

interface Crossing {
  readonly called: string;
  readonly one: Leg;
  readonly other: Leg;
}

function crossings({ jobs }: Plan): Crossing[] {
  return jobs.flatMap(job => {
    const legs = legsOf(job);
    return legs.flatMap((one, at) =>
      legs
        .slice(at + 1)
        .filter(other => isCalledAs(one.to, other.from.path) && isCalledAs(other.to, one.from.path))
        .filter(other => !isCalledAs(one.to, one.from.path) && !isCalledAs(other.to, other.from.path))
        .map(other => ({ called: job.called, one, other })),
    );
  });
}

/** "/Backup/pve-backup" is called as "/mnt/backup" is, and "/Backup/nfs-ssd" isn't called as "/srv/ssd-2" is. */
function isCalledAs(to: string, from: string): boolean {
  const [folder, tree] = [lastOf(to), lastOf(from)];
  return tree !== "" && (folder === tree || folder.endsWith(`-${tree}`) || folder.startsWith(`${tree}-`));
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).toLowerCase();
}
