import { dirname } from "node:path";
import type { Estate } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { isBelow, mountAbove } from "../../plan/layers/places";
import { exceptVolumes, treesOf } from "../../plan/estate/except-volumes";
import { type Asked, askJobs, saidAs, soon } from "../ask-jobs";

/** What lies on a host, as it says itself. A part that it didn't answer is undefined. */
export interface SeenHost {
  readonly host: string;
  /** The estate's, and those that it has besides; its names too. */
  readonly addresses: readonly string[];
  /** By the name of a logical volume, the pool of the estate that it lies in. */
  readonly volumes: ReadonlyMap<string, string> | undefined;
  readonly vms: readonly Guest[] | undefined;
  readonly containers: readonly Guest[] | undefined;
  /** Paths of what lies at the top of its file systems, but for the system's and the backups' own, and beside what a service names. */
  readonly entries: readonly string[];
  /** Folders that it exports by NFS. */
  readonly exports: readonly string[];
  /** Paths of the estate's that aren't there. */
  readonly absent: readonly string[];
  /** What it didn't answer, in words. */
  readonly unanswered: readonly string[];
}

export interface Guest {
  readonly id: number;
  readonly name: string;
}

/** Asks, and changes nothing. @returns why it wasn't asked, where it wasn't */
export async function seenOn(asked: Asked, host: string): Promise<SeenHost | { cause: string }> {
  const { estate } = asked;
  const mounts = mountsOf(estate, host);
  const paths = pathsOf(estate, host);
  const folders = foldersOf(estate, host, mounts);
  const listed = [...mounts.map(ifMounted), ...folders.map(ifThere)];
  const hasPools = Object.keys(estate.hosts[host]?.pools ?? {}).length > 0;
  const answer = await askJobs(asked, host, [], () => ":", questions(listed, paths, hasPools));
  if ("cause" in answer) return answer;
  const said = (word: string): string[] => saidAs(word, answer.first);
  const wasAsked = new Set(said("asked"));
  const of = <Part>(part: string, value: Part): Part | undefined => (wasAsked.has(part) ? value : undefined);
  const places = [...mounts, ...folders];
  const entries = places.map((place, index) => entriesIn(saidAs(String(index), said("entries")), place));
  const unlisted = places.filter((_, index) => entries[index] === undefined);
  return {
    ...{ host, addresses: [estate.hosts[host]?.address ?? "", ...said("address")] },
    volumes: of("volumes", volumesIn(estate, host, said("volume"))),
    vms: of("vms", guestsIn(said("vm"), 0)),
    containers: of("containers", guestsIn(said("container"), -1)),
    entries: entries.flatMap(found => found ?? []),
    exports: said("export").flatMap(exported),
    absent: said("absent")
      .flatMap(index => paths[Number(index)] ?? [])
      .filter(path => !unlisted.includes(mountAbove(estate, host, path))),
    unanswered: [
      ...(wasAsked.has("volumes") ? [] : ["lvs, of its logical volumes"]),
      ...(wasAsked.has("vms") ? [] : ["qm list, of its VMs"]),
      ...(wasAsked.has("containers") ? [] : ["pct list, of its containers"]),
      ...unlisted.map(place => `find, of ${mounts.includes(place) ? `what is mounted at ${place}` : place}`),
    ],
  };
}

function questions(lists: readonly string[], paths: readonly string[], hasPools: boolean): string {
  return [
    // Without them, somebody who isn't root would be told that there is no qm, and so no VM.
    "PATH=$PATH:/usr/sbin:/sbin",
    // A host may have no LVM.
    hasPools
      ? asking(
          "volumes",
          "volume",
          `${soon} lvs --noheadings --separator=/ --options=vg_name,pool_lv,lv_name`,
        )
      : `echo "asked volumes"`,
    askingIf("qm", asking("vms", "vm", `${soon} qm list`), "vms"),
    askingIf("pct", asking("containers", "container", `${soon} pct list`), "containers"),
    `for address in $(hostname -I 2>/dev/null) $(hostname -f 2>/dev/null) $(hostname); do echo "address $address"; done`,
    "exportfs -s 2>/dev/null | sed 's/^/export /'",
    // A name may have a newline in it, and what stopped halfway is no list.
    ...lists.map(
      (list, index) =>
        `echo "entries ${index} $({ { ${list}; } 2>/dev/null && echo ${end}; } | base64 --wrap=0)"`,
    ),
    ...paths.map(
      (path, index) => `${soon} test -e ${shellWord(path)}; [ $? -ne 1 ] || echo "absent ${index}"`,
    ),
  ].join("; ");
}

function list(folder: string): string {
  return `${soon} find ${shellWord(folder)} -mindepth 1 -maxdepth 1 -print0`;
}

/** What lies below an empty mount point is neither gone nor all that there is. */
function ifMounted(mount: string): string {
  return `${soon} mountpoint -q ${shellWord(mount)} && ${list(mount)}`;
}

function ifThere(folder: string): string {
  return `${soon} test -d ${shellWord(folder)}; [ $? -eq 1 ] || ${list(folder)}`;
}

/** What follows a whole list of paths, and is none. */
const end = "end";

/** Puts a word before each line of an answer, and says that all of it is there. */
function asking(part: string, word: string, command: string): string {
  return `if seen=$(${command} 2>/dev/null); then printf '%s\\n' "$seen" | sed 's/^ */${word} /'; echo "asked ${part}"; fi`;
}

/** A host without the program has none of what it lists. */
function askingIf(program: string, command: string, part: string): string {
  return `if command -v ${program} >/dev/null; then ${command}; else echo "asked ${part}"; fi`;
}

/** Where people's data lies: neither the system nor copies. */
function mountsOf({ hosts }: Estate, host: string): string[] {
  const { filesystems = {}, disks = {} } = hosts[host] ?? {};
  return Object.entries(filesystems)
    .filter(([mount, { disk }]) => mount !== "/" && disks[disk]?.role !== "backup")
    .map(([mount]) => mount);
}

function pathsOf(estate: Estate, host: string): string[] {
  return exceptVolumes(estate).flatMap(({ spec }) => {
    if (spec.kind === "tree" && spec.host === host) return [spec.path];
    return spec.kind === "configuration" && spec.host === host ? spec.paths : [];
  });
}

/** Folders between a file system's top and what a service names in it: what lies beside that may have no copy. */
function foldersOf(estate: Estate, host: string, mounts: readonly string[]): string[] {
  const between = treesOf(host, estate).flatMap(path => {
    const mount = mountAbove(estate, host, path);
    if (!mounts.includes(mount)) return [];
    const above: string[] = [];
    for (let at = dirname(path); at !== mount && isBelow(at, mount); at = dirname(at)) above.push(at);
    return above;
  });
  return [...new Set(between)];
}

function volumesIn({ hosts }: Estate, host: string, lines: readonly string[]): ReadonlyMap<string, string> {
  const pools = Object.entries(hosts[host]?.pools ?? {});
  return new Map(
    lines.flatMap(line => {
      const [vg, lvmPool, volume] = line.trimEnd().split("/");
      const [pool] = pools.find(([name, { vg: of }]) => of === vg && name === lvmPool) ?? [];
      return pool !== undefined && volume !== undefined ? [[volume, pool] as const] : [];
    }),
  );
}

/** @param nameAt which of the words after the id is the name: the first of qm(1)'s, the last of pct(1)'s; their head has no id */
export function guestsIn(lines: readonly string[], nameAt: number): Guest[] {
  return lines.flatMap(line => {
    const [id = "", ...words] = line.trim().split(/\s+/);
    return /^\d+$/.test(id) ? [{ id: Number(id), name: words.at(nameAt) ?? "" }] : [];
  });
}

/** A line of exportfs(8): a path, which may have spaces in it, and whom it is for. */
export function exported(line: string): string[] {
  const [, path] = /^(\/.*?)\s+\S+\(\S*\)\s*$/.exec(line) ?? [];
  return path === undefined
    ? []
    : [path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))];
}

/** Made by mkfs; and what a restore keeps beside a tree until somebody has looked at it. */
export const nobodys = /^(lost\+found|\.holdfast.*)$/;

function entriesIn([encoded = ""]: readonly string[], mount: string): string[] | undefined {
  const paths = Buffer.from(encoded, "base64").toString().split("\0");
  if (paths.pop()?.trimEnd() !== end) return undefined;
  return paths.filter(path => !nobodys.test(path.slice(mount.length + 1)));
}
