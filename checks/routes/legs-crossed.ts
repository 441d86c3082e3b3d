import type { Plan } from "../../plan";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { type Leg, legsOf } from "../legs";
import { fieldOf, write } from "../said";

export const legsCrossed = defineCheck({
  code: "routes/legs-crossed",
  severity: "error",
  title: "Two legs send each other's folder",
  why: "The ends of two legs, swapped crosswise, are both there and both get bytes. The first run deletes in each folder what the other one had sent, and sends all of it again.",
  run: plan =>
    crossings(plan).map(({ called, one, other }) => {
      const [source, target] = [fieldOf(one.said.source), fieldOf(one.said.target)];
      return {
        subject: called,
        message: `${called} sends ${one.from.path} to ${one.to}, and ${other.from.path} to ${other.to}: each folder is called as what the other leg sends, and the next run deletes in both what was sent there before. Nothing has been changed by this check.`,
        fix: `Swap the two in its legs: ${source}: "${one.from.path}", ${target}: "${other.to}", and ${source}: "${other.from.path}", ${target}: "${one.to}".`,
        evidence: { one: [one.from.path, one.to], other: [other.from.path, other.to] },
      };
    }),
  without: plan => {
    const meant = structuredClone(plan.estate);
    for (const { one, other } of crossings(plan)) {
      write(meant, one.said.target, other.to);
      write(meant, other.said.target, one.to);
    }
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
    ],
    good: [
      example("legs to folders that are called as what they hold"),
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
