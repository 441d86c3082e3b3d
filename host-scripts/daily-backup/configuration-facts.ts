import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CommandMissing, run, type RunResult } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import type { LackedPart } from "./configuration-incomplete";

/**
 * - `always`: where it fails, the generation lacks something
 * - `if-installed`: a host may do without the program, but where it is, it has to work
 * - `informative`: says something on some hosts
 */
type Need = "always" | "if-installed" | "informative";

interface Fact {
  /** File in `facts` that gets its output; a command that writes files of its own gets its output beside them. */
  readonly file: string;
  readonly argv: readonly [string, ...string[]];
  readonly need: Need;
  /** Its output stays the same while the host does: another one is a change. */
  readonly stable?: true;
}

/** What became of a command. */
export interface FactResult {
  readonly file: string;
  readonly command: readonly string[];
  readonly need: Need;
  readonly stable: boolean;
  /** Null when the program isn't installed, or did not end by itself. */
  readonly exitCode: number | null;
  readonly stderr: string;
}

const lvmColumns = {
  pvs: "pv_name,pv_uuid,vg_name,pv_size,pv_free,dev_size,pv_tags",
  vgs: "vg_name,vg_uuid,vg_size,vg_free,vg_extent_size,vg_tags",
  lvs: "vg_name,lv_name,lv_uuid,lv_size,lv_attr,pool_lv,origin,lv_tags,segtype,chunk_size,devices",
} as const;
const report = (program: keyof typeof lvmColumns): Fact => ({
  file: `${program}.json`,
  argv: [program, "--reportformat", "json", "--units", "b", "-o", lvmColumns[program]],
  need: "if-installed",
});

const disksColumns =
  "NAME,PATH,TYPE,SIZE,MODEL,SERIAL,WWN,ROTA,PTTYPE,PARTTYPE,PARTUUID,FSTYPE,UUID,LABEL,MOUNTPOINT,PKNAME";

/** @see the manual page of each; --json where a program has it */
const facts: readonly Fact[] = [
  // "hi" is a package that is held.
  {
    file: "packages.txt",
    argv: ["dpkg-query", "--show", "--showformat", "${binary:Package}\t${Version}\t${db:Status-Abbrev}\n"],
    need: "always",
    stable: true,
  },
  { file: "packages-manual.txt", argv: ["apt-mark", "showmanual"], need: "always", stable: true },
  { file: "disks.json", argv: ["lsblk", "--json", "--bytes", "--output", disksColumns], need: "always" },
  { file: "blkid.txt", argv: ["blkid"], need: "informative" },
  { file: "mounts.json", argv: ["findmnt", "--json", "--list", "--real"], need: "informative" },
  report("pvs"),
  report("vgs"),
  report("lvs"),
  // One file for each volume group; vgcfgrestore takes it.
  { file: "vgcfgbackup.txt", argv: ["vgcfgbackup", "--file", "lvm/%s.vg"], need: "if-installed" },
  { file: "addresses.json", argv: ["ip", "-json", "address"], need: "if-installed" },
  { file: "routes.json", argv: ["ip", "-json", "route"], need: "if-installed" },
  { file: "pveversion.txt", argv: ["pveversion", "--verbose"], need: "informative", stable: true },
  { file: "kernel.txt", argv: ["uname", "-a"], need: "always", stable: true },
  { file: "boot-tool.txt", argv: ["proxmox-boot-tool", "status"], need: "informative" },
  { file: "efi.txt", argv: ["efibootmgr", "--verbose"], need: "informative" },
  { file: "zpool.txt", argv: ["zpool", "status", "-P"], need: "informative" },
  { file: "zfs.txt", argv: ["zfs", "list", "-t", "filesystem,volume"], need: "informative" },
];

/** Where pmxcfs keeps /etc/pve: the file that Proxmox VE's own recovery of a node wants. */
const clusterDatabase = "/var/lib/pve-cluster/config.db";

export interface FactsOptions {
  readonly stop: AbortSignal;
  readonly timeoutMs: number;
}

/** What the host said of itself, and what it could not say though it is needed. */
export interface GatheredFacts {
  readonly results: readonly FactResult[];
  readonly lacks: readonly LackedPart[];
}

/** Asks the host what it is, into files of a folder. */
export async function gatherFacts(folder: string, options: FactsOptions): Promise<GatheredFacts> {
  mkdirSync(join(folder, "lvm"), { recursive: true });
  const results: FactResult[] = [];
  const lacks: LackedPart[] = [];
  const ask = async (fact: Fact): Promise<string> => {
    const { result, stdout, lack } = await gather(folder, fact, options);
    results.push(result);
    if (lack) lacks.push(lack);
    return stdout;
  };
  let disks = "";
  for (const fact of facts) {
    const stdout = await ask(fact);
    if (fact.file === "disks.json") disks = stdout;
  }
  for (const fact of [...(disks === "" ? [] : partitionTables(disks)), ...clusterState()]) await ask(fact);
  return { results, lacks };
}

const disksReport = z.object({
  blockdevices: z.array(z.object({ path: z.string(), type: z.string(), pttype: z.string().nullish() })),
});

/** A disk that is a file system or a physical volume as a whole has no partition table. */
function partitionTables(disks: string): Fact[] {
  return disksReport
    .parse(JSON.parse(disks))
    .blockdevices.filter(({ type, pttype }) => type === "disk" && typeof pttype === "string")
    .map(({ path }) => ({
      file: `partitions-${path.replace(/^\/dev\//, "").replaceAll("/", "_")}.sfdisk`,
      argv: ["sfdisk", "--dump", path],
      need: "always",
      stable: true,
    }));
}

function clusterState(): Fact[] {
  if (!existsSync(clusterDatabase)) return [];
  const argv = ["sqlite3", "-init", "/dev/null", "-batch", `file:${clusterDatabase}?mode=ro`] as const;
  return [{ file: "pmxcfs.txt", argv: [...argv, ".backup pmxcfs.db"], need: "always" }];
}

interface Gathered {
  readonly result: FactResult;
  readonly stdout: string;
  readonly lack?: LackedPart;
}

async function gather(folder: string, fact: Fact, options: FactsOptions): Promise<Gathered> {
  const { file, argv, need, stable = false } = fact;
  const told = { file, command: argv, need, stable };
  let result: RunResult;
  try {
    result = await run(argv, { cwd: folder, ...options, env: { LC_ALL: "C" } });
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    return {
      ...{ result: { ...told, exitCode: null, stderr: "not installed" }, stdout: "" },
      ...(need === "always" && { lack: lackOf(fact, `${argv[0]} isn't installed`) }),
    };
  }
  options.stop.throwIfAborted();
  const stderr = firstLines(result.stderr);
  const gathered = { ...told, exitCode: result.exitCode ?? null, stderr };
  const ok = result.ended === "exited" && result.exitCode === 0;
  if (!ok && need !== "informative") {
    const why = `it ended with ${result.exitCode ?? result.signal ?? result.ended}: ${stderr}`;
    return { result: gathered, stdout: "", lack: lackOf(fact, why) };
  }
  writeFileSync(join(folder, file), result.stdout, { mode: 0o600 });
  return { result: gathered, stdout: result.stdout };
}

function lackOf({ file, argv }: Fact, why: string): LackedPart {
  const command = argv.join(" ").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return { path: `facts/${file}`, reason: `"${command}": ${why}`, next: shell`${argv}` };
}
