import type { Plan } from "../../plan";
import { offsiteSyncJobName } from "../../plan/contracts/offsite-sync";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const legsCrossed = defineCheck({
  code: "routes/legs-crossed",
  severity: "error",
  title: "Two legs send each other's folder",
  why: "The ends of two legs, swapped crosswise, are both there and both get bytes. The first run deletes in each folder what the other one had sent, and sends all of it again.",
  run: plan =>
    crossings(plan).map(({ called, one, other }) => ({
      subject: called,
      message: `${called} sends ${one.from} to ${one.to}, and ${other.from} to ${other.to}: each folder is called as what the other leg sends, and the next run deletes in both what was sent there before. Nothing has been changed by this check.`,
      fix: `Swap the two in its legs: from: "${one.from}", to: "${other.to}", and from: "${other.from}", to: "${one.to}".`,
      evidence: { one: [one.from, one.to], other: [other.from, other.to] },
    })),
  without: plan => {
    const meant = structuredClone(plan.estate);
    for (const { host, one, other } of crossings(plan))
      for (const part of meant.layers["offsite-sync"])
        for (const leg of part.host === host ? part.legs : [])
          if (leg.from === one.from) leg.to = other.to;
          else if (leg.from === other.from) leg.to = one.to;
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

interface Leg {
  readonly from: string;
  readonly to: string;
}

function crossings({ estate, jobs }: Plan): { called: string; host: string; one: Leg; other: Leg }[] {
  return estate.layers["offsite-sync"].flatMap(({ host, legs }) => {
    const job = jobs.find(({ name, host: on }) => name === offsiteSyncJobName && on === host);
    return legs.flatMap((one, at) =>
      legs
        .slice(at + 1)
        .filter(other => isCalledAs(one.to, other.from) && isCalledAs(other.to, one.from))
        .filter(other => !isCalledAs(one.to, one.from) && !isCalledAs(other.to, other.from))
        .map(other => ({ called: job?.called ?? offsiteSyncJobName, host, one, other })),
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
