import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { projectRoot } from "../../../lab/cache";
import { vmImagesConfig, type VmImagesConfig } from "../../../plan/contracts/vm-images";
import { runnerOf } from "../../../stacks/runner";
import { makeDiskImage } from "./disk-image";
import { mountNamespace } from "./namespace";
import { noonZone } from "./noon";
import { type Recorder, startRecorder } from "./recorder";
import { startRunner, type StartedRun } from "./started-run";

/** A disk of a VM: its bytes, or a file that stands still when it is read. */
export type DiskContent = Buffer | "stands still";

export interface VmSpec {
  readonly disks: Readonly<Record<string, DiskContent>>;
  /** Further lines of its configuration. */
  readonly lines?: readonly string[];
  readonly running?: boolean;
  readonly name?: string;
  readonly node?: string;
}

/** A Proxmox host by the lab's stand-ins, a backup disk, and the bundled runner with a config for them. */
export interface VmWorld {
  readonly config: VmImagesConfig;
  readonly folder: string;
  readonly pushes: Recorder;
  /** The images' folder on the backup disk, as this process reaches it. */
  readonly images: string;
  /** The backup disk, as this process reaches it. */
  readonly target: string;
  inside(program: string, ...args: string[]): Promise<string>;
  setVm(id: number, vm: VmSpec): void;
  removeVm(id: number): void;
  /** Text of a VM's configuration. */
  vm(id: number): string;
  /** Bytes of a VM's disk. */
  disk(id: number, number?: number): Buffer;
  writeConfig(change: Partial<VmImagesConfig>): void;
  start(args?: readonly string[], env?: Readonly<Record<string, string>>): StartedRun;
  /** A program of Proxmox is another one for a while; `REAL` in its text is the stand-in's path. */
  shadow(program: "vzdump" | "qm", script: string): void;
  /** Shadows are gone, and so are VMs, images, state and metrics. */
  reset(): Promise<void>;
  metrics(): Record<string, number>;
  close(): Promise<void>;
}

/**
 * Stand-ins for the two programs of systemd that the runner asks: a unit is a session of its own with the manager's environment, and
 * goes on when who waits for it is gone. In the lab, systemd's own do it.
 */
const systemd = {
  "systemd-run": `units=UNITS
while [ "$1" != -- ]; do case $1 in --unit=*) unit=\${1#--unit=} ;; esac; shift; done
shift
[ ! -e "$units/$unit" ] || { echo "Failed to start transient service unit: Unit $unit was already loaded or has a fragment file." >&2; exit 1; }
env -i "PATH=BIN:$PATH" LC_ALL=C setsid sh -c 'units=$1 unit=$2; shift 2; echo $$ >"$units/$unit"; "$@"; code=$?; rm -f "$units/$unit"; exit $code' sh "$units" "$unit" "$@" &
wait $!`,
  systemctl: `[ "$1" = stop ] || exit 1
file=UNITS/$2
[ -e "$file" ] || exit 0
group=$(cat "$file")
kill -TERM "-$group" 2>/dev/null
n=0
while kill -0 "-$group" 2>/dev/null; do
  n=$((n + 1))
  [ $n -lt 400 ] || kill -KILL "-$group"
  sleep 0.05
done
rm -f "$file"`,
};

export async function createVmWorld(megabytes = 64): Promise<VmWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-vms-"));
  const [namespace, pushes] = await Promise.all([mountNamespace(), startRecorder()]);
  const { path: bundle } = await runnerOf("vm-images");
  const root = join(folder, "host");
  const bin = join(root, "usr", "bin");
  const at = {
    units: join(folder, "units"),
    nodes: join(root, "etc/pve/nodes"),
    images: join(root, "var/lib/vz/images"),
    libexec: join(root, "usr/libexec/lab"),
  };
  for (const path of [...Object.values(at), bin, join(folder, "dst")]) mkdirSync(path, { recursive: true });
  const standIns = join(projectRoot, "lab/proxmox");
  const install = (): void => {
    for (const name of readdirSync(standIns))
      copyFileSync(
        join(standIns, name),
        name === "common.sh" ? join(at.libexec, "proxmox.sh") : join(bin, name),
      );
    for (const [name, script] of Object.entries(systemd)) {
      const text = script.replaceAll("UNITS", at.units).replaceAll("BIN", bin);
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
  };
  install();
  writeFileSync(
    join(root, "etc/pve/storage.cfg"),
    `dir: local\n\tpath ${join(root, "var/lib/vz")}\n\tcontent images\n\ndir: other\n\tpath ${join(root, "other")}\n\tcontent images\n`,
  );
  const image = join(folder, "dst.img");
  const fsUuid = await makeDiskImage(image, megabytes);
  const config = configOf(folder, fsUuid, pushes.url);
  const configFile = join(folder, "config.json");
  const confFile = (id: number, node = hostname()): string => {
    const place = join(at.nodes, node, "qemu-server");
    mkdirSync(place, { recursive: true });
    return join(place, `${id}.conf`);
  };
  const diskFile = (id: number, number: number): string =>
    join(at.images, String(id), `vm-${id}-disk-${number}.raw`);
  const world: VmWorld = {
    ...{ config, folder, pushes },
    images: namespace.outside(join(config.target.path, "vm-images")),
    target: namespace.outside(config.target.path),
    inside: (program, ...args) => namespace.run(program, ...args),
    setVm(id, { disks, lines = [], running = false, name = `guest-${id}`, node }) {
      world.removeVm(id);
      mkdirSync(join(at.images, String(id)), { recursive: true });
      const all = Object.entries(disks).map(([key, content], number) => {
        const file = diskFile(id, number);
        if (content !== "stands still") writeFileSync(file, content);
        else execaSync("mkfifo", [file]);
        const size = content === "stands still" ? 0 : content.length;
        return `${key}: local:${id}/vm-${id}-disk-${number}.raw,size=${size}`;
      });
      const text = [
        `name: ${name}`,
        "memory: 2048",
        "net0: virtio=BC:24:11:00:00:01,bridge=vmbr0",
        ...all,
        ...lines,
      ];
      writeFileSync(confFile(id, node), `${text.join("\n")}\n`);
      const pids = join(root, "run/qemu-server");
      mkdirSync(pids, { recursive: true });
      if (running) writeFileSync(join(pids, `${id}.pid`), "4711\n");
    },
    removeVm(id) {
      for (const node of readdirSync(at.nodes))
        rmSync(join(at.nodes, node, "qemu-server", `${id}.conf`), { force: true });
      rmSync(join(at.images, String(id)), { recursive: true, force: true });
      rmSync(join(root, "run/qemu-server", `${id}.pid`), { force: true });
    },
    vm: id => readFileSync(confFile(id), "utf8"),
    disk: (id, number = 0) => readFileSync(diskFile(id, number)),
    writeConfig: change =>
      writeFileSync(configFile, JSON.stringify(vmImagesConfig.parse({ ...config, ...change }))),
    start: (args = [], env = {}) =>
      startRunner(
        namespace.inside([
          ...["unshare", "--mount", "--propagation", "private"],
          ...[process.execPath, bundle, "--config", configFile, ...args],
        ]),
        {
          ...{ ...process.env, PATH: `${bin}:${process.env["PATH"]}` },
          ...{ INVOCATION_ID: "", JOURNAL_STREAM: undefined, ...env },
        },
        config.stateDir,
      ),
    shadow(program, script) {
      const real = join(bin, `${program}.stand-in`);
      copyFileSync(join(standIns, program), real);
      chmodSync(real, 0o755);
      writeFileSync(join(bin, program), `#!/bin/sh\n${script.replaceAll("REAL", real)}\n`, { mode: 0o755 });
    },
    async reset() {
      install();
      rmSync(at.nodes, { recursive: true });
      mkdirSync(confFile(0).replace(/\/[^/]+$/, ""), { recursive: true });
      for (const path of [
        at.images,
        join(root, "run"),
        join(root, "other"),
        config.stateDir,
        join(folder, "textfile"),
      ])
        rmSync(path, { recursive: true, force: true });
      for (const name of readdirSync(world.target).filter(each => each !== "lost+found"))
        rmSync(join(world.target, name), { recursive: true });
      world.writeConfig({});
    },
    metrics() {
      if (!existsSync(config.textfile)) return {};
      const samples = readFileSync(config.textfile, "utf8").matchAll(/^vm_images_(\w+) (\d+)$/gm);
      return Object.fromEntries([...samples].map(([, name = "", value]) => [name, Number(value)]));
    },
    async close() {
      await Promise.all([namespace.close(), pushes.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  world.writeConfig({});
  await namespace.run("mount", "-o", "loop,nosuid,nodev", image, config.target.path);
  return world;
}

function configOf(folder: string, fsUuid: string, url: string): VmImagesConfig {
  return {
    ...{ job: "vm-images", host: "pve", budgetMs: 600_000, vmBudgetMs: 300_000, zone: noonZone },
    target: { path: join(folder, "dst"), fsUuid },
    keep: { every: "day", count: 2 },
    vms: [
      { id: 101, name: "nodes/k8s-1" },
      { id: 102, name: "windows" },
    ],
    without: [],
    withoutDisks: ["vm-*-pvc-*"],
    size: { leastPercent: 20, mostPercent: 500 },
    freshMs: 1,
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile", "vm-images.prom"),
    vmsTextfile: join(folder, "textfile", "vm-images-vms.prom"),
    pushgateway: { url, timeoutMs: 2_000, attempts: 2 },
  };
}
