import { shellWord } from "../../plan/contracts/shell-word";
import { soon } from "../ask-jobs";
import { nobodys } from "../live/host";

/** What a host is asked, by name: commands that read and change nothing. docs/discover.md lists them. */
export const questions = {
  disks: "lsblk --json --bytes --output NAME,PATH,TYPE,SIZE,ROTA,TRAN",
  filesystems: "findmnt --json --bytes --list --real --output TARGET,SOURCE,FSTYPE,UUID,SIZE,USED,MAJ:MIN",
  volumes:
    "lvs --reportformat json --units b --nosuffix --options vg_name,lv_name,pool_lv,lv_attr,lv_size,data_percent,metadata_percent,lv_metadata_size,lv_kernel_major,lv_kernel_minor",
  groups: "pvs --reportformat json --units b --nosuffix --options pv_name,vg_name",
  written: "cat /proc/diskstats",
  since: "grep -rHs ^I: /run/udev/data",
  uptime: "cat /proc/uptime",
  vms: "qm list",
  containers: "pct list",
  exports: "exportfs -s",
  timers: "systemctl show '*.timer' --property=Id,Unit,TimersCalendar",
  cron: "grep -rHs . /etc/crontab /etc/cron.d /var/spool/cron/crontabs",
  jobs: "grep -Hs . /etc/pve/jobs.cfg",
  key: "cat /etc/ssh/ssh_host_ed25519_key.pub",
  zone: "timedatectl show --property=Timezone --value",
  addresses: "hostname -I",
  name: "hostname",
} as const;
export type Question = keyof typeof questions;

/** What a NAS is asked, as whoever logs in there: none of it needs its root. */
export const nasQuestions = {
  system: "grep -hs -e ^productversion= -e ^upnpmodelname= /etc.defaults/VERSION /etc/synoinfo.conf",
  // What is mounted there of other machines is none of its own, and one of those that is gone would keep all waiting.
  room: "df -Pkl",
  media: "grep -Hs . /sys/block/*/queue/rotational",
  shares: "find /volume[0-9]* -mindepth 1 -maxdepth 1 -type d -print0",
  key: "cat /etc/ssh/ssh_host_ed25519_key.pub",
} as const;

/** Each answer; undefined where the command failed. */
export type Answers<Name extends string = Question> = Readonly<Record<Name, string | undefined>>;

/** Follows an answer that is whole. */
const end = "end";

/** A host without the program has none of what it lists; grep finds nothing where nothing is, and df tells of what it may not look at beside all else. */
export function questionsText(all: Readonly<Record<string, string>>): string {
  const asked = Object.entries(all).map(([name, command]) => {
    const [program = ""] = command.split(" ");
    const none = program === "grep" || program === "df" ? " || [ $? -le 2 ]" : "";
    const ask = `if command -v ${program} >/dev/null; then ${soon} ${command}${none}; fi && echo ${end}`;
    return answerText(name, ask);
  });
  return [preface, ...asked].join("; ");
}

// Without these folders, somebody who isn't root would be told that there is no qm, and so no VM.
const preface = "export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin";

/** A name may have a newline in it, and what is said on the way is no answer. */
function answerText(name: string, command: string): string {
  return `echo "answer ${name} $({ ${command}; } 2>/dev/null | base64 --wrap=0)"`;
}

export function answersIn<Name extends string>(
  stdout: string,
  all: Readonly<Record<Name, string>>,
): Answers<Name> {
  const said = saidIn(stdout);
  const whole = (name: string): string | undefined => {
    const text = said.get(name) ?? "";
    return text.endsWith(`${end}\n`) ? text.slice(0, -end.length - 1) : undefined;
  };
  return Object.fromEntries(Object.keys(all).map(name => [name, whole(name)])) as Answers<Name>;
}

/** What lies at the top of some folders, and how large it is, as far as that is known after 20 seconds: with the host's idle time alone. */
export function foldersText(places: readonly string[]): string {
  const gently = "nice --adjustment=19 ionice --class=idle";
  return [
    preface,
    ...places.flatMap((place, index) => [
      answerText(
        `list-${index}`,
        `${soon} find ${shellWord(place)} -mindepth 1 -maxdepth 1 -print0 && echo ${end}`,
      ),
      answerText(
        `size-${index}`,
        `${soon} ${gently} du --all --block-size=1 --one-file-system --max-depth=1 --null -- ${shellWord(place)}`,
      ),
    ]),
  ].join("; ");
}

export interface Folder {
  readonly path: string;
  readonly bytes?: number;
}

/** What was listed, and the places of which that isn't all: find(1) may not read them, or took too long. */
export function foldersIn(
  stdout: string,
  places: readonly string[],
): { readonly folders: readonly Folder[]; readonly unlisted: readonly string[] } {
  const said = saidIn(stdout);
  const parts = (name: string): string[] => (said.get(name) ?? "").split("\0");
  const folders = places.flatMap((_, index) => {
    const sizes = new Map(
      parts(`size-${index}`)
        .slice(0, -1)
        .map(line => {
          const [bytes = "", ...path] = line.split("\t");
          return [path.join("\t"), Number(bytes)] as const;
        }),
    );
    return parts(`list-${index}`)
      .slice(0, -1)
      .filter(path => !nobodys.test(path.slice(path.lastIndexOf("/") + 1)))
      .sort()
      .map(path => {
        const bytes = sizes.get(path);
        return { path, ...(bytes === undefined ? {} : { bytes }) };
      });
  });
  const unlisted = places.filter((_, index) => parts(`list-${index}`).at(-1) !== `${end}\n`);
  return { folders, unlisted };
}

function saidIn(stdout: string): Map<string, string> {
  return new Map(
    [...stdout.matchAll(/^answer (\S+) (\S*)$/gm)].map(([, name = "", encoded = ""]) => [
      name,
      Buffer.from(encoded, "base64").toString(),
    ]),
  );
}
