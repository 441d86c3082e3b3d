import { z } from "zod";
import { jsonOf } from "../json";
import { exported, type Guest, guestsIn } from "../live/host";
import { nameOf } from "./name-of";
import { type Answers, type Question, questions } from "./questions";
import { type Written, writtenIn } from "./written";

/** What a host says that it has. Sizes in bytes. */
export interface FoundHost {
  readonly name: string;
  readonly zone: string;
  readonly hostKey: string | undefined;
  readonly addresses: readonly string[];
  readonly disks: readonly Disk[];
  readonly filesystems: readonly FileSystem[];
  readonly pools: readonly Pool[];
  readonly volumes: readonly ThinVolume[];
  readonly vms: readonly Guest[];
  readonly containers: readonly Guest[];
  readonly exports: readonly string[];
  /** What runs there by timer or cron, as it looks like a backup. */
  readonly backups: readonly string[];
  /** What it didn't answer, in words. */
  readonly unanswered: readonly string[];
}

export interface Disk {
  readonly name: string;
  readonly medium: "hdd" | "ssd" | "nvme";
  readonly bytes: number;
  readonly isUsb: boolean;
}

export interface FileSystem {
  readonly mount: string;
  readonly type: string;
  readonly uuid: string | undefined;
  readonly bytes: number;
  readonly usedBytes: number;
  /** Undefined where it lies on none that lsblk tells, or on several. */
  readonly disk: string | undefined;
  readonly device: string;
  /** Of its device, where that is one of its own. */
  readonly written: Written | undefined;
  /** Which folder of what is on the device: "/" but for a bind mount, and a subvolume of Btrfs. */
  readonly root: string;
}

export interface Pool {
  readonly vg: string;
  readonly name: string;
  readonly bytes: number;
  readonly usedBytes: number;
  readonly metadata: { readonly bytes: number; readonly usedBytes: number };
  /** Those that its group lies on. */
  readonly disks: readonly string[];
}

export interface ThinVolume {
  readonly vg: string;
  readonly pool: string;
  readonly name: string;
  /** Of one that isn't active, such as a stopped VM's, nobody tells how much is written: all that it may have. */
  readonly usedBytes: number;
  readonly isActive: boolean;
  readonly written: Written | undefined;
}

interface Device {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly rota: boolean;
  readonly tran: string | null;
  readonly children: readonly Device[];
}
const bytes = z.number().nonnegative();
const device: z.ZodType<Device> = z.object({
  ...{ name: z.string(), path: z.string(), type: z.string(), size: bytes, rota: z.boolean() },
  tran: z.string().nullable(),
  get children() {
    return z.array(device).default([]);
  },
});
const lsblk = z.object({ blockdevices: z.array(device) });
const findmnt = z.object({
  filesystems: z.array(
    z.object({
      ...{ target: z.string(), source: z.string(), fstype: z.string(), uuid: z.string().nullable() },
      ...{ size: bytes.nullable(), used: bytes.nullable(), "maj:min": z.string().default("") },
    }),
  ),
});
const number = z.string().transform(Number).pipe(bytes);
const lvs = z.object({
  report: z.tuple([
    z.object({
      lv: z.array(
        z.object({
          ...{ vg_name: z.string(), lv_name: z.string(), pool_lv: z.string(), lv_attr: z.string() },
          ...{ lv_size: number, metadata_percent: number, lv_metadata_size: number },
          data_percent: z.union([z.literal("").transform(() => undefined), number]),
          ...{ lv_kernel_major: z.string().default(""), lv_kernel_minor: z.string().default("") },
        }),
      ),
    }),
  ]),
});
const pvs = z.object({
  report: z.tuple([z.object({ pv: z.array(z.object({ pv_name: z.string(), vg_name: z.string() })) })]),
});

/** Reads what a host answered. What isn't as its program writes it counts as unanswered. */
export function hostIn(answers: Answers): FoundHost {
  const unanswered = new Set<Question>(
    (Object.keys(questions) as Question[]).filter(name => answers[name] === undefined),
  );
  const json = <Value>(name: Question, schema: z.ZodType<Value>): Value | undefined => {
    if (!answers[name]) return undefined;
    const parsed = parsedBy(schema, jsonOf(answers[name]));
    if (parsed === undefined) unanswered.add(name);
    return parsed;
  };
  const lines = (name: Question): string[] => (answers[name] ?? "").split("\n").filter(line => line !== "");
  const devices = (json("disks", lsblk)?.blockdevices ?? []).flatMap(renamed);
  const under = (path: string): string[] => devices.filter(top => holds(top, path)).map(({ name }) => name);
  const groups = json("groups", pvs)?.report[0].pv ?? [];
  const logical = json("volumes", lvs)?.report[0].lv ?? [];
  const written = writtenIn(answers);
  return {
    name: lines("name")[0] ?? "",
    zone: lines("zone")[0] ?? "",
    hostKey: /^(ssh-ed25519 [A-Za-z0-9+/=]+)(\s|$)/.exec(answers.key ?? "")?.[1],
    addresses: (answers.addresses ?? "").split(/\s+/).filter(word => word !== ""),
    disks: devices
      .filter(({ name, type, size }) => /^(disk|loop|raid\d+)$/.test(type) && size > 0 && !isMade.test(name))
      .map(diskOf),
    filesystems: (json("filesystems", findmnt)?.filesystems ?? []).map(
      ({ target, source, fstype, uuid, size, used, "maj:min": number }) => {
        const [, device = source, root = "/"] = /^(.*?)\[(\/.*)\]$/s.exec(source) ?? [];
        return {
          ...{ mount: target, type: fstype, uuid: uuid ?? undefined, bytes: size ?? 0, usedBytes: used ?? 0 },
          ...{ device, root, disk: onlyOf(under(device)), written: written.get(number) },
        };
      },
    ),
    pools: logical
      .filter(({ lv_attr }) => lv_attr.startsWith("t"))
      .map(({ vg_name: vg, lv_name: name, ...lv }) => ({
        ...{ vg, name, bytes: lv.lv_size, usedBytes: Math.ceil((lv.lv_size * (lv.data_percent ?? 0)) / 100) },
        metadata: {
          bytes: lv.lv_metadata_size,
          usedBytes: Math.ceil((lv.lv_metadata_size * lv.metadata_percent) / 100),
        },
        disks: [...new Set(groups.filter(pv => pv.vg_name === vg).flatMap(({ pv_name }) => under(pv_name)))],
      })),
    // A snapshot isn't active, and has nothing of its own that a service would name.
    volumes: logical
      .filter(({ lv_attr, pool_lv }) => lv_attr.startsWith("V") && pool_lv !== "" && !lv_attr.endsWith("k"))
      .map(({ vg_name: vg, pool_lv: pool, lv_name: name, lv_size, data_percent, ...lv }) => ({
        ...{ vg, pool, name, isActive: data_percent !== undefined },
        usedBytes: Math.ceil((lv_size * (data_percent ?? 100)) / 100),
        written: written.get(`${lv.lv_kernel_major}:${lv.lv_kernel_minor}`),
      })),
    vms: guestsIn(lines("vms"), 0),
    containers: guestsIn(lines("containers"), -1),
    exports: lines("exports").flatMap(exported),
    backups: [
      ...timersIn(answers.timers ?? ""),
      ...lines("cron").flatMap(cronEntry),
      ...lines("jobs").filter(line => isVzdump.test(line)),
    ],
    unanswered: [...unanswered].map(name => `${questions[name].split(" ")[0]}, of its ${name}`),
  };
}

/** Undefined for another thing, and for what is nested so deep that nobody reads it. */
function parsedBy<Value>(schema: z.ZodType<Value>, data: unknown): Value | undefined {
  try {
    return schema.safeParse(data).data;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** As an estate takes its name: the kernel calls a disk of a RAID controller "cciss!c0d0". */
function renamed(device: Device): Device[] {
  const name = nameOf(device.name);
  return name === undefined ? [] : [{ ...device, name }];
}

function holds(top: Device, path: string): boolean {
  return top.path === path || top.children.some(child => holds(child, path));
}

function onlyOf(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

function diskOf({ name, rota, size, tran }: Device): Disk {
  const medium = name.startsWith("nvme") || tran === "nvme" ? "nvme" : rota ? "hdd" : "ssd";
  return { name, medium, bytes: size, isUsb: tran === "usb" };
}

/** What the kernel makes of memory, of a pool's bytes or of a network's: no disk that could fail by itself. */
const isMade = /^(zd|zram|nbd|rbd)\d/;

const backupWords =
  /proxmox-backup|backup|vzdump|dump|restic|borg|snapshot|rsync|rclone|sanoid|syncoid|mirror/i;
const everyBackupWord = new RegExp(backupWords, "gi");

const cronLine = /^([^:]+):\s*(@\w+|[\d*,/-]+(?:\s+[\w*,/-]+){4})\s+(.+)$/;
const isVzdump = /^[^:]+:vzdump: \S+$/;

/** An entry's file, its time, and by which words it looks like a backup: the rest of a command may have a password in it, and so may a variable. */
function cronEntry(line: string): string[] {
  const [, file = "", time = "", command = ""] = cronLine.exec(line) ?? [];
  const words = new Set(
    [...`${file} ${command}`.matchAll(everyBackupWord)].map(([word]) => word.toLowerCase()),
  );
  return words.size === 0 ? [] : [`${file}: ${time}, ${[...words].join(", ")}`];
}

function isBackup(line: string): boolean {
  return backupWords.test(line);
}

/** Units as `systemctl show` writes them, a blank line between two. */
function timersIn(text: string): string[] {
  return text.split(/\n\n+/).flatMap(block => {
    const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(block)?.[1] ?? "";
    const [, calendar = "no calendar"] = /OnCalendar=([^=;]*) ;/.exec(value("TimersCalendar")) ?? [];
    return isBackup(value("Id")) || isBackup(value("Unit")) ? [`${value("Id")}: ${calendar}`] : [];
  });
}
