import { keyFault } from "../../plan/estate/host-key";
import { layerGiving } from "../../plan/layers";
import { noted, todo } from "./noted";
import { isForBackups, isTaken } from "./places";
import { roomOf, sizeOf, usedOf } from "./sizes";
import type { Answers, nasQuestions } from "./questions";
import type { Way } from "./way";

/** What a NAS says that it has. Sizes in bytes. */
export interface FoundNas {
  readonly way: Way;
  /** As "DS920+, DSM 7.2.1"; undefined for what is no Synology. */
  readonly system: string | undefined;
  /** Where copies have most room. */
  readonly volume: Volume;
  /** Those that copies could lie on too. */
  readonly others: readonly Volume[];
  /** Shared folders of a Synology's volume, as "/Backup". */
  readonly shares: readonly string[];
  readonly media: ReadonlySet<"hdd" | "ssd" | "nvme">;
  readonly hostKey: string | undefined;
}

interface Volume {
  readonly mount: string;
  readonly bytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
}

/** What it is called in the estate: a link between machines of one name would lead from one to itself. */
export function destinationName(host: string): string {
  return host === "nas" ? "nas-2" : "nas";
}

/** Nothing where it didn't tell of any volume. */
export function nasIn(
  answers: Answers<keyof typeof nasQuestions>,
  way: Way,
  hostKey: string | undefined,
): FoundNas | undefined {
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}="?([\\w.+ -]{1,40})"?$`, "m").exec(answers.system ?? "")?.[1];
  const version = value("productversion");
  const system =
    version === undefined ? undefined : `${value("upnpmodelname") ?? "a Synology"}, DSM ${version}`;
  const [volume, ...others] = volumesIn(answers.room ?? "", system !== undefined);
  if (volume === undefined) return undefined;
  return {
    ...{ way, system, volume, others },
    shares: (answers.shares ?? "")
      .split("\0")
      .filter(path => path.startsWith(`${volume.mount}/`))
      .map(path => path.slice(volume.mount.length))
      .filter(share => isTaken(share) && !/^\/[@#.]/.test(share))
      .sort(),
    media: new Set(
      [...(answers.media ?? "").matchAll(rotates)].map(([, name, turns]) => medium(name, turns)),
    ),
    hostKey: hostKey ?? keyIn(answers.key ?? ""),
  };
}

/** One that was cut off is none. */
function keyIn(text: string): string | undefined {
  const key = /^(ssh-ed25519 [A-Za-z0-9+/=]+)(\s|$)/.exec(text)?.[1];
  return key !== undefined && keyFault(key) === undefined ? key : undefined;
}

/** Disks alone: what is made of them says the same or nothing. */
const rotates =
  /^\/sys\/block\/(sd[a-z]+|sata\d+|hd[a-z]+|vd[a-z]+|ubd[a-z]+|nvme\d+n\d+)\/queue\/rotational:([01])$/gm;

function medium(name = "", turns = ""): "hdd" | "ssd" | "nvme" {
  return name.startsWith("nvme") ? "nvme" : turns === "1" ? "hdd" : "ssd";
}

const inMemory = /^(tmpfs|devtmpfs|udev|dev|run|shm|none|overlay|efivarfs)$/;
const systems = /^\/(boot|dev|efi|etc|proc|run|snap|sys|tmp)(\/|$)/;

/** What df(1) says in the form of POSIX; a name before or after the numbers may have blanks in it. */
function volumesIn(df: string, isSynology: boolean): Volume[] {
  return df
    .split("\n")
    .flatMap(line => {
      const words = line.trim().split(/\s+/);
      const percent = words.findIndex(word => /^\d+%$/.test(word));
      const [size = NaN, used = NaN, free = NaN] = words.slice(percent - 3, percent).map(kilobytes);
      const [source = "", mount] = [words[0], words.slice(percent + 1).join(" ")];
      const isOne = isSynology
        ? /^\/volume\d+$/.test(mount)
        : !inMemory.test(source) && !systems.test(mount) && isTaken(mount);
      return percent > 3 && isOne && size > 0 && used >= 0 && free >= 0
        ? [{ mount, bytes: size, usedBytes: used, freeBytes: free }]
        : [];
    })
    .sort((one, other) => other.freeBytes - one.freeBytes || other.bytes - one.bytes);
}

/** Bytes; an estate takes no more than a rack of disks has. */
function kilobytes(word: string): number {
  return /^\d{1,12}$/.test(word) && Number(word) < 9e11 ? Number(word) * 1024 : NaN;
}

/** The NAS as an estate has it. */
export function destinationPart({ way, system, volume, media, hostKey }: FoundNas, called: string): object {
  const [only, more] = media;
  const kind = system === undefined ? "ssh" : "synology";
  return noted(
    {
      kind,
      site: todo("home", "where it stands: at home, a fire takes it too"),
      address: way.address,
      user: todo("backup", `the account that receives copies, one of its own: ${way.user} was asked here`),
      ...(way.port === 22 ? {} : { port: way.port }),
      hostKey,
      medium:
        only !== undefined && more === undefined
          ? only
          : todo("hdd", `what it is made of: it has ${[...media].sort().join(" and ") || "not told that"}`),
      size: roomOf(volume.bytes),
      used: noted(usedOf(volume.usedBytes, volume.bytes), `all that is at ${volume.mount} now`),
    },
    `${system ?? "no Synology"}. TODO: receives: holdfast explain destinations.${called}.receives; ${hostKey === undefined ? `and its hostKey: ssh-keyscan -p ${way.port} -t ed25519 ${way.address}, compared at the NAS; ` : ""}until then nothing is sent`,
  );
}

/** DSM itself makes "NetBackup", for copies that come by rsync. */
function isForCopies(share: string): boolean {
  return /^\/netbackup$/i.test(share) || isForBackups(share);
}

/** Where copies of a host would lie: in a share that is called so, or in one that somebody makes. */
export function folderAt({ system, shares, volume }: FoundNas, host: string): string {
  const share = shares.find(isForCopies) ?? "/Backup";
  return `${system === undefined && volume.mount !== "/" ? volume.mount : ""}${share}/${host}`;
}

/** What is there and not in the estate, in words. */
export function leftAtNas({ others, shares, system }: FoundNas): string[] {
  const volumes = others
    .filter(({ freeBytes }) => freeBytes > 0)
    .map(
      ({ mount, freeBytes }) =>
        `${mount} of the NAS, with ${sizeOf(freeBytes)} free: a destination is one volume`,
    );
  const isMissing = system !== undefined && !shares.some(isForCopies);
  return [
    ...volumes,
    ...(isMissing ? ["a share of the NAS that is called as a backup's: /Backup has to be made there"] : []),
    ...(system === undefined
      ? []
      : [
          `which snapshots the NAS makes, and how long it keeps them: only its root may ask (docs/layers/${layerGiving("snapshots that no host removes")}.md)`,
        ]),
  ];
}
