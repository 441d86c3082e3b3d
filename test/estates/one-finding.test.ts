import { runChecks } from "../../checks";
import { EstateInvalid, type EstateInput, parseEstate, planOf } from "../../plan";
import { estate as homelab } from "../../stacks/homelab/estate";
import { estate as house } from "../../templates/homelab/estate";
import { estate as small } from "../../templates/small/estate";
import { estate as twoNodes } from "../../templates/two-nodes/estate";
import { editAt } from "./edit-at";
import { asOfMs } from "./found";
import { daily, dumpOf, mirror, offsite } from "./mutation";

const estates = { homelab, house, small, twoNodes };
type Slip = readonly [what: string, of: keyof typeof estates, at: string, to: unknown, answer: string];

const turn = "schedule/out-of-turn";
const startsAt = (part: string): string => `${part} > schedule > onCalendar`;

/** One mistake each, which several checks see: an operator reads one finding, and all else beneath it. */
const slips: readonly Slip[] = [
  [
    "a run off the site before it has what it ships, in the hour that clocks skip",
    "homelab",
    startsAt(offsite),
    "*-*-* 03:00:00",
    `error ${turn} offsite-sync-backup`,
  ],
  [
    "a mirror among the dumps that it reads",
    "homelab",
    startsAt(mirror),
    "*-*-* 01:00:00",
    `error ${turn} nfs-mirror`,
  ],
  [
    "a mirror of the afternoon where no job waits",
    "house",
    startsAt(mirror),
    "*-*-* 15:00:00",
    `error ${turn} nfs-mirror`,
  ],
  [
    "a run off the site half a day late where no job waits",
    "small",
    startsAt(offsite),
    "*-*-* 18:00:00",
    `error ${turn} offsite-sync-backup`,
  ],
  [
    "images half a day late, at the scrub's hour",
    "small",
    startsAt("layers > vm-images > 0"),
    "*-*-* 13:00:00",
    `error ${turn} vm-images`,
  ],
  [
    "the second host's run half a day late",
    "twoNodes",
    startsAt("layers > offsite-sync > 1"),
    "*-*-* 19:30:00",
    `error ${turn} offsite-sync-backup@pve2`,
  ],
  [
    "hours for minutes of a budget",
    "homelab",
    `${daily} > budget`,
    "10h",
    "error schedule/stale-above-promise daily-backup",
  ],
  [
    "kilobytes for megabytes of a line",
    "small",
    "links > 1 > bandwidth",
    "20kB",
    "error promises/link-too-slow nas > pve",
  ],
  [
    "the NAS's key where the fire is",
    "homelab",
    "secrets > synology-rsync-key > keptIn",
    ["vaultwarden", "vault"],
    "error security/secret-in-one-place synology-rsync-key",
  ],
  [
    "a dump that stays on the disk of its data",
    "homelab",
    `${mirror} > excludes > +`,
    { name: "vault-backup", reason: "dumped elsewhere" },
    "error routes/exclude-hides-data vault",
  ],
  [
    "hours for days that dumps are kept",
    "homelab",
    `${dumpOf("etcd")} > keep > age`,
    "30h",
    "warning retention/far-below-others etcd-backup",
  ],
  [
    "fewer hours than a day that dumps are kept",
    "homelab",
    `${dumpOf("postgresql")} > keep > age`,
    "14h",
    "error retention/below-gap postgresql-backup",
  ],
  [
    "minutes for hours until a service is back",
    "homelab",
    "services > nextcloud > promise > rto",
    "8min",
    "error promises/rto nextcloud",
  ],
  [
    "minutes for hours of a fire",
    "small",
    "services > files > promise > rpo > site",
    "34min",
    "error promises/rpo files",
  ],
  [
    "a disk of machines that is said to be for backups",
    "small",
    "hosts > pve > disks > sdb > role",
    "backup",
    "estate.hosts.pve.disks.sdb.role",
  ],
  [
    "a disk of folders that is said to be for backups",
    "homelab",
    "hosts > pve > disks > sdb > role",
    "backup",
    "estate.hosts.pve.disks.sdb.role",
  ],
  [
    "copies that are said to go to the machines' disk",
    "small",
    "hosts > pve > filesystems > /mnt/backup > disk",
    "sdb",
    'estate.hosts.pve.filesystems["/mnt/backup"].disk',
  ],
  [
    "copies that are said to go to the folders' disk",
    "house",
    "hosts > pve > filesystems > /mnt/backup > disk",
    "sdc",
    'estate.hosts.pve.filesystems["/mnt/backup"].disk',
  ],
  [
    "folders that are said to lie on the backup disk",
    "house",
    "hosts > pve > filesystems > /srv/nfs > disk",
    "sda",
    "warning routes/mirror-on-one-disk nfs-mirror",
  ],
];

test.each(slips.map(([what, of, at, to, answer]) => ({ what, of, at, to, answer })))(
  "$what ($at of $of) is one finding: $answer",
  ({ of, at, to, answer }) => {
    const sound: EstateInput = structuredClone({ waivers: [], statements: [], ...estates[of] });
    const before = new Set(told(sound));
    editAt(sound, at, to);
    expect(told(sound).filter(each => !before.has(each))).toEqual([answer]);
  },
);

test("a disk with both a service and the role of backups is refused for what that does", () => {
  const estate: EstateInput = structuredClone({ waivers: [], statements: [], ...small });
  editAt(estate, "hosts > pve > disks > sdb > role", "backup");
  // The disaster "live-disk" takes the disk of the data, whatever its role.
  expect(() => parseEstate(estate)).toThrow(
    'the disaster "backup-disk" would take it and its copies at once',
  );
});

type Edit = readonly [at: string, to: unknown];

/** Two mistakes at once: a finding for each, as if it were there alone, and all else beneath them. */
const pairs: readonly (readonly [what: string, of: keyof typeof estates, Edit, Edit, ...string[]])[] = [
  [
    "a run off the site half a day late, and images on working days",
    "small",
    [startsAt(offsite), "*-*-* 18:00:00"],
    [startsAt("layers > vm-images > 0"), "Mon..Fri 01:00"],
    "error schedule/days-left-out vm-images",
    `error ${turn} offsite-sync-backup`,
  ],
  [
    "weeks for days of two jobs, of which one reads what the other makes",
    "homelab",
    [startsAt(offsite), "Sun 06:00"],
    [startsAt(mirror), "Sun 02:00"],
    "error schedule/days-left-out offsite-sync-backup",
    "error schedule/days-left-out nfs-mirror",
  ],
  [
    "kilobytes for megabytes of both lines",
    "small",
    ["links > 0 > bandwidth", "20kB"],
    ["links > 1 > bandwidth", "20kB"],
    "error promises/link-too-slow links",
  ],
];

test.each(pairs.map(([what, of, one, other, ...answers]) => ({ what, of, edits: [one, other], answers })))(
  "$what: $answers",
  ({ of, edits, answers }) => {
    const sound: EstateInput = structuredClone({ waivers: [], statements: [], ...estates[of] });
    const before = new Set(told(sound));
    for (const [at, to] of edits) editAt(sound, at, to);
    expect(told(sound).filter(each => !before.has(each))).toEqual(answers);
  },
);

/** Places that are refused, and findings that follow from no other. What nobody drills is told of each list anew. */
function told(estate: EstateInput): string[] {
  try {
    return runChecks(planOf(parseEstate(estate)), asOfMs).flatMap(({ severity, code, subject, follows }) =>
      follows === undefined ? [`${severity} ${code} ${subject}`] : [],
    );
  } catch (error) {
    if (!(error instanceof EstateInvalid)) throw error;
    return error.faults.map(({ path }) => path);
  }
}
