import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { z } from "zod";
import { actingOptions } from "../../plan/contracts/runner";
import { errnoOf, Refusal } from "./errors";
import { quoted } from "./quoted";
import { run } from "./run";
import { ready, shell } from "./shell";

/** Where a file system has to be mounted, and which one. */
export interface ExpectedMount {
  readonly path: string;
  readonly fsUuid: string;
}

const rows = z.object({
  filesystems: z.array(
    z.object({
      // A string in some versions of util-linux.
      id: z.coerce.number().int(),
      target: z.string(),
      source: z.string().nullable(),
      /** Folder of the file system that is mounted; "/" but for a bind mount. */
      fsroot: z.string(),
      fstype: z.string(),
      uuid: z.string().nullable(),
      options: z.string(),
    }),
  ),
});
type Row = z.infer<typeof rows>["filesystems"][number];

/** All that is mounted. In a mount table that nobody else changes, it holds for the rest of a run. */
export type Mounts = readonly Row[];

/** A mount that a run needs. */
export interface NeededMount extends ExpectedMount {
  /** How an operator calls it, e.g. "target". */
  readonly role: string;
  /** `watch`: for as long as the host has it mounted, in the host's own mount table. */
  readonly access: "read" | "write" | "watch";
}

/**
 * Proves that the expected file systems are mounted, in a mount table that nobody else changes: what is verified here
 * stays true for the rest of the run. Reads only.
 *
 * A path through an open folder (/proc/PID/fd/N) is no substitute: once that mount is lazily unmounted, getcwd(2) calls
 * its root "/", rsync goes there by that name, and mirrors into the host's own root. Seen with rsync 3.5.
 * @returns what else is mounted
 * @throws {Refusal} when another file system, or none, is mounted there, when it has to be written and can't be or what
 *   strangers' files do there they do to the host, or when the mount table is the host's own
 */
export async function verifyMounts(needed: readonly NeededMount[], stop: AbortSignal): Promise<Mounts> {
  const opened: number[] = [];
  try {
    for (const { role, path } of needed) opened.push(openFolder(role, path));
    const mounts = await listMounts(stop);
    for (const [index, mount] of needed.entries()) {
      const id = mountId(opened[index] ?? -1);
      verify(
        mount.role,
        mount,
        mount.access,
        mounts.find(row => row.id === id),
      );
      if (mount.access !== "watch") refuseSharedTable(mount, id);
    }
    return mounts;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/**
 * Whether the host is ready for a job that writes to a mount, as far as that can be told while its disk may be away.
 * @throws {Refusal} when it is the disk that is meant, and strangers' files would act on the host there
 */
export async function checkTarget(target: ExpectedMount): Promise<void> {
  const mounts = await listMounts(AbortSignal.timeout(30_000));
  const mounted = mounts.findLast(({ target: path }) => path === target.path);
  if (mounted?.uuid === target.fsUuid) refuseActing("target", target, mounted);
}

/** @returns what identifies the file systems that are mounted below a folder, by their path below it */
export async function mountsBelow(folder: string, stop: AbortSignal): Promise<ReadonlyMap<string, string>> {
  return mountedBelow(folder, await listMounts(stop));
}

/** The same of what was listed before. */
export function mountedBelow(folder: string, mounts: Mounts): ReadonlyMap<string, string> {
  return new Map(
    rowsBelow(folder, mounts).map(row => [row.target.slice(folder.length + 1), identityOf(row)]),
  );
}

function rowsBelow(folder: string, mounts: Mounts): Mounts {
  return mounts.filter(({ target }) => target.startsWith(`${folder}/`));
}

/** Its UUID, or else its source, and the folder of it that is mounted, as findmnt(8) shows the two. */
function identityOf(row: Row): string {
  const name = nameOf(row);
  return name.endsWith("]") ? name : `${name}[${row.fsroot}]`;
}

/** A source says by itself which folder it is, unless that is the root. */
function nameOf({ uuid, source, fstype }: Row): string {
  return uuid ?? source ?? fstype;
}

/** @param known without a folder, as the estate has it and an earlier version took it down, any one of the file system is meant */
export function isSameMount(known: string | undefined, found: string | undefined): boolean {
  return known !== undefined && (found === known || found?.startsWith(`${known}[`) === true);
}

/**
 * The same without what shows a folder of the file system itself, as a service's sandbox does: what is mounted on a backup disk is
 * proven by nobody, nor that it is harmless, and where it is away its copies would be made anew on another disk.
 */
export function strangersBelow({ path, fsUuid }: ExpectedMount, mounts: Mounts): ReadonlyMap<string, string> {
  const strangers = rowsBelow(path, mounts).filter(({ uuid }) => uuid !== fsUuid);
  return new Map(strangers.map(row => [row.target.slice(path.length + 1), nameOf(row)]));
}

/** @param folders below a backup disk that a job writes to @throws {Refusal} where another file system lies in one of them */
export function refuseStrangers(target: ExpectedMount, mounts: Mounts, folders: readonly string[]): void {
  for (const [path, uuid] of strangersBelow(target, mounts)) {
    const full = `${target.path}/${path}`;
    if (!folders.some(folder => full === folder || full.startsWith(`${folder}/`))) continue;
    throw new Refusal(
      `another file system (${uuid}) is mounted on the backup disk, at ${quoted(full)}: nobody has proven which, and on a night without it all of it would be copied anew`,
      shell`findmnt --submounts ${target.path}; umount ${full}   (what it holds belongs on the backup disk itself)`,
    );
  }
}

/** @returns whether strangers' set-uid programs and device nodes are data in what is mounted at a path; undefined where nothing is */
export async function isHarmlessMount(path: string, stop: AbortSignal): Promise<boolean | undefined> {
  const mounted = (await listMounts(stop)).findLast(({ target }) => target === path);
  return mounted && lackingOf(mounted).length === 0;
}

/** Mounts of the host's own table, or propagated from it, can go away in the middle of a run (mount_namespaces(7)). */
function refuseSharedTable({ role, path }: NeededMount, id: number): void {
  const line = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .find(row => row.startsWith(`${id} `));
  const optional = line?.split(" - ")[0]?.split(" ").slice(6) ?? [];
  // systemd makes every mount of the host's table a shared one.
  if (!optional.some(field => /^(shared|master):/.test(field))) return;
  throw new Refusal(
    `${role} ${quoted(path)} could be unmounted during the run: the runner shares its mount table with the host`,
    "systemctl start the unit, or put this before the command: unshare --mount --propagation private",
  );
}

function openFolder(role: string, path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw new Refusal(
      `${role} ${quoted(path)} can't be opened: ${errnoOf(error) ?? String(error)}`,
      shell`findmnt --mountpoint ${path}; ls -ld ${path}`,
    );
  }
}

/** The kernel's own id of the mount that an open folder lies on: no path is resolved a second time. */
function mountId(fd: number): number {
  return Number(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").match(/^mnt_id:\s*(\d+)$/m)?.[1]);
}

/**
 * All that is mounted.
 * @param task process in whose mount table; this one's own unless given, in which systemd has made all of it nosuid where a unit is NoNewPrivileges=
 * @throws {Refusal}
 */
export async function listMounts(stop: AbortSignal, task?: number): Promise<Row[]> {
  const columns = "ID,TARGET,SOURCE,FSROOT,FSTYPE,UUID,OPTIONS";
  const of = task === undefined ? [] : [`--task=${task}`];
  const argv = ["findmnt", ...of, "--list", "--json", "--output", columns] as const;
  const result = await run([...argv], { timeoutMs: 30_000, stop });
  if (result.exitCode !== 0)
    throw new Refusal(
      `the mounts can't be listed: findmnt ended with ${result.exitCode ?? result.signal}: ${result.stderr.trim()}`,
      "findmnt --list",
    );
  return rows.parse(JSON.parse(result.stdout)).filesystems;
}

function verify(
  role: string,
  expected: ExpectedMount,
  access: NeededMount["access"],
  row: Row | undefined,
): void {
  const { path, fsUuid } = expected;
  const expectation = `expected the file system ${fsUuid}`;
  // mount(8) with both words reads nothing of fstab.
  const options = access === "write" ? `-o ${copiesOptions} ` : "";
  const mount = shell`mount ${ready(options)}UUID=${fsUuid} ${path}`;
  if (row === undefined || row.target !== path || (row.uuid !== fsUuid && isFolderOf(row)))
    throw new Refusal(
      `${role} ${quoted(path)} is not a mount point (it lies on ${quoted((row?.target === path ? row.source : row?.target) ?? "an unknown mount")}), ${expectation}`,
      mount,
    );
  if (row.uuid !== fsUuid)
    throw new Refusal(
      `${role} ${quoted(path)} has the wrong file system mounted: ${row.uuid ?? "one without a UUID"} (${row.fstype} on ${row.source ?? "no device"}), ${expectation}`,
      shell`findmnt --mountpoint ${path} --output SOURCE,UUID; blkid --uuid ${fsUuid}`,
    );
  if (row.fsroot !== "/")
    throw new Refusal(
      `${role} ${quoted(path)} is a bind mount of the folder ${quoted(row.fsroot)} of ${fsUuid}, expected the whole file system`,
      shell`umount ${path}; ${ready(mount)}`,
    );
  if (access !== "write") return;
  if (optionsOf(row).includes("ro"))
    throw new Refusal(
      `${role} ${quoted(path)} is mounted read-only`,
      shell`dmesg --level err,warn | tail; mount -o remount,rw ${path}`,
    );
  refuseActing(role, expected, row);
}

/** What a disk with strangers' files is mounted with. */
const copiesOptions = "nosuid,nodev,noexec";

/** Copies keep the modes and device numbers of strangers' files, whose set-uid programs and devices are data here. */
function refuseActing(role: string, { path, fsUuid }: ExpectedMount, row: Row): void {
  const missing = lackingOf(row);
  if (missing.length === 0) return;
  throw new Refusal(
    `${role} ${quoted(path)} is mounted without ${missing.join(" and ")}: a set-uid program or a device node among the copies would be one of this host`,
    shell`mount -o remount,${copiesOptions} ${path}   (and for the next boot, in /etc/fstab: UUID=${fsUuid} ${path} ${row.fstype} defaults,nofail,${copiesOptions} 0 2)`,
  );
}

/** Without which strangers' files act on the host. */
function lackingOf(row: Row): string[] {
  const options = optionsOfHost(row.target) ?? optionsOf(row);
  return actingOptions.filter(option => !options.includes(option));
}

/**
 * In the mount table of the host's first process: in a unit's own, systemd has made all of it nosuid (NoNewPrivileges=), and what the
 * host has was never seen. Nothing where that process has no such mount, as a disk that was unmounted since.
 * @see proc_pid_mountinfo(5)
 */
function optionsOfHost(path: string): readonly string[] | undefined {
  const mounts = readFileSync("/proc/1/mountinfo", "utf8").split("\n");
  const fields = mounts
    .map(line => line.split(" "))
    .findLast(([, , , , target]) => unescaped(target) === path);
  return fields?.[5]?.split(",");
}

/** The kernel writes white space and backslashes as three octal digits. */
function unescaped(target = ""): string {
  return target.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** A mount that shows a folder of a file system, as a service's sandbox makes one of a folder that it may write to. */
function isFolderOf({ source }: Row): boolean {
  return source?.endsWith("]") === true;
}

export function optionsOf(row: Row): readonly string[] {
  return row.options.split(",");
}
