import { existsSync, mkdirSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { inNamespace, ip } from "../namespace";
import { isRunning, logFile, startProcess, stopProcess, until } from "../process";
import { hostDir, type DiskFiles } from "./disks";
import type { Kernel } from "./kernel";
import { devicePath, machines, type HostName } from "./machines";
import { seedDevice } from "./seed";
import { onHost } from "./ssh";

// A machine of two cores that is busy otherwise takes minutes.
const bootPatienceMs = 600_000;

/** Name that a host's process and log go by. */
export const processName = (name: HostName): string => `host-${name}`;

/**
 * Boots a host and waits until it takes commands and all of its units have started.
 * @param processor of this machine, on which it runs
 */
export async function boot(
  name: HostName,
  kernel: Kernel,
  disks: DiskFiles,
  processor: number,
): Promise<void> {
  await plug(name);
  mkdirSync(join(hostDir(name), "uml"), { recursive: true });
  const bound = ["taskset", "--cpu-list", String(processor), kernel.program];
  const argv = ["env", `TMPDIR=${memoryDir(name)}`, ...bound, ...bootArguments(name, disks)];
  await startProcess(processName(name), inNamespace(argv));
  const answered = await until(
    async () => !isRunning(processName(name)) || (await answers(name)),
    bootPatienceMs,
    200,
  );
  if (answered && isRunning(processName(name))) return;
  const what = answered ? "ended while booting" : `didn't answer within ${bootPatienceMs / 1000} s`;
  await stopProcess(processName(name), 0);
  throw new Error(`${name} ${what}. The end of ${logFile(processName(name))}:\n${consoleTail(name)}`);
}

async function plug(name: HostName): Promise<void> {
  const [program = "", ...args] = inNamespace(["ip", "link", "show", "dev", name]);
  if ((await execa(program, args, { reject: false })).failed) await ip(`tuntap add ${name} mode tap`);
  await ip(`link set ${name} master br0 up`);
}

/** By now sshd may answer while units still start: whoever waits for a host wants its mounts too. */
async function answers(name: HostName): Promise<boolean> {
  try {
    const { exitCode } = await onHost(name, "systemctl is-system-running --wait", {
      timeoutMs: bootPatienceMs,
    });
    return exitCode === 0 || exitCode === 1;
  } catch {
    return false;
  }
}

function bootArguments(name: HostName, disks: DiskFiles): string[] {
  const { address, memoryMib } = machines[name];
  const data = disks.data.map((file, index) => `ubd${index + 1}=${file}`);
  const mac = `02:77:00:00:00:${Number(address.split(".").at(-1)).toString(16).padStart(2, "0")}`;
  return [
    `umid=${name}`,
    `uml_dir=${join(hostDir(name), "uml")}/`,
    `mem=${memoryMib}M`,
    `root=${devicePath(0)}`,
    "rw",
    `ubd0=${disks.overlay},${disks.image}`,
    ...data,
    `ubd${data.length + 1}r=${disks.seed}`,
    `vec0:transport=tap,ifname=${name},depth=128,gro=1,mac=${mac}`,
    // By ptrace where this machine allows no seccomp filters.
    "seccomp=auto",
    "init=/usr/local/sbin/lab-init",
    `LAB_SEED=${seedDevice(name)}`,
    `LAB_ADDRESS=${address}/24`,
    // A host must not see this machine's files through hostfs.
    `hostfs=${join(hostDir(name), "uml")}`,
    ...["con=null", "con0=null,fd:1", "ssl=null", "quiet", "systemd.show_status=0"],
  ];
}

/** Where a host's memory lies: in this machine's memory when there is room, else in a file of the state folder. */
function memoryDir(name: HostName): string {
  if (!existsSync("/dev/shm")) return hostDir(name);
  const { bavail, bsize } = statfsSync("/dev/shm");
  return bavail * bsize > machines[name].memoryMib * 2 ** 20 * 1.1 ? "/dev/shm" : hostDir(name);
}

function consoleTail(name: HostName): string {
  const lines = readFileSync(logFile(processName(name)), "utf8")
    .trimEnd()
    .split("\n");
  return lines
    .slice(-15)
    .map(line => `  ${line}`)
    .join("\n");
}
