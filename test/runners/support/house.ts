import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { execa } from "execa";
import { z } from "zod";
import { debianPackages } from "../../../lab/debian";
import { type ExampleEstate, exampleWith } from "../../../plan/estate/example";
import type { EstateInput } from "../../../plan";
import { firingAlerts } from "./alerts-of";
import { clockFrom } from "./clock";
import { makeDiskImage } from "./disk-image";
import { type Far, startFar } from "./far";
import { holdfastIn } from "./holdfast";
import { mountNamespace, type MountNamespace } from "./namespace";
import { startRecorder } from "./recorder";
import { rsyncTools } from "./rsync-tools";

const lostDataset = z.object({
  copy: z.object({
    via: z.array(z.string()),
    readAt: z.string(),
    restore: z.array(z.object({ text: z.string() })),
  }),
});
const answer = z.array(z.object({ service: z.string(), datasets: z.tuple([lostDataset]) }));

/** What `holdfast lose` says of a service: the newest copy that is left, when its data was read, and what brings it back. */
export type Lost = z.infer<typeof lostDataset>["copy"];

/** Services of the house, and where their data lies. */
const trees = { books: "/srv/nfs/books", photos: "/srv/nfs/photos" } as const;
export type Service = keyof typeof trees;

const disks = {
  live: { mount: "/srv/nfs", megabytes: 32, options: "loop" },
  backup: { mount: "/mnt/backup", megabytes: 64, options: "loop,nosuid,nodev" },
} as const;
type Disk = keyof typeof disks;

/** An estate takes no address that leads to whoever reads it. */
const nasName = "nas.example";
const pushgatewayName = "pushgateway.example";
const nasAddress = "127.0.0.1";

/**
 * The example's house, made real: its host is a mount namespace with the estate's disks in their places, its NAS a real sshd and rsync;
 * the host's programs, their configs and keys are those of its break-glass set, opened by age and tar.
 */
export interface House {
  /** A job's run, by a clock that says this instant when it begins. @throws with what it said where it doesn't end well */
  run(job: string, at: string): Promise<void>;
  /** A service writes a file that is called after the instant. */
  write(service: Service, at: string): void;
  /** Instants of what a service has, the earliest first. */
  written(service: Service): string[];
  /** What `holdfast lose` predicts of each service that such a disaster harms at that instant. */
  lose(domain: string, at: string): Promise<Map<Service, Lost>>;
  /** Types on the host what was printed, as it was printed. @returns what it said @throws with that where it doesn't end well */
  type(printed: string, at: string): Promise<string>;
  /** A new and empty disk with the UUID of the one in whose place it stands, as the set's README.txt has it. */
  replaceDisk(disk: Disk): Promise<void>;
  /** Another machine with new and empty disks: of what the old one knew, nothing is left. */
  replaceHost(): Promise<void>;
  /** What was sent to the NAS is gone, and it answers nobody. */
  takeNas(): Promise<void>;
  /** It answers again, and has nothing. */
  bringNas(): void;
  /** The kernel's device of a disk: who mounts that has the same files. */
  device(disk: Disk): Promise<string>;
  /** Text of a file in the set, e.g. "runbooks/disasters/site.md". */
  inSet(path: string): string;
  /** Puts a program on the host's PATH. */
  install(name: string, script: string): void;
  /** Alerts that fire half an hour after an instant, by the estate's rules and what jobs have pushed until now. */
  firing(at: string): Promise<string[]>;
  close(): Promise<void>;
}

/** What a house has beside its trees. */
interface More {
  /** What is added to its estate. */
  add(estate: ExampleEstate): void;
  /** Texts of secrets that the estate has then, by their names. */
  readonly secrets: Readonly<Record<string, string>>;
}

const treesAlone: More = { add: () => undefined, secrets: {} };

export async function createHouse(more = treesAlone): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-house-"));
  // Who logs in at the NAS passes through.
  chmodSync(folder, 0o711);
  const [far, pushes, tools] = await Promise.all([
    startFar(join(folder, "far")),
    startRecorder(),
    rsyncTools(join(folder, "bin")),
  ]);
  const image = (disk: Disk): string => join(folder, `${disk}.img`);
  const made = (disk: Disk, ...options: string[]): Promise<string> =>
    makeDiskImage(image(disk), disks[disk].megabytes, options);
  const uuids: Record<Disk, string> = { live: await made("live"), backup: await made("backup") };
  const estate = houseEstate(far, pushes.url.replace("127.0.0.1", pushgatewayName), uuids, more);
  writeFileSync(join(folder, "estate.json"), JSON.stringify(estate));
  const leadNas = (address: string): void =>
    writeFileSync(join(folder, "hosts"), `127.0.0.1 localhost ${pushgatewayName}\n${address} ${nasName}\n`);
  leadNas(nasAddress);
  await openSet(folder, { "nas-key": far.privateKey, ...more.secrets });
  const mount = (on: MountNamespace, disk: Disk): Promise<string> =>
    on.run("mount", "-o", disks[disk].options, image(disk), disks[disk].mount);
  const boot = async (): Promise<MountNamespace> => {
    const machine = await mountNamespace();
    // State and metrics of jobs lie in /var/lib.
    for (const path of ["/srv", "/mnt", "/var/lib"]) await machine.run("mount", "-t", "tmpfs", "tmpfs", path);
    await machine.run("mount", "--bind", join(folder, "hosts"), "/etc/hosts");
    await machine.run("mkdir", ...Object.values(disks).map(disk => disk.mount));
    for (const disk of ["live", "backup"] as const) await mount(machine, disk);
    return machine;
  };
  let host = await boot();

  const onHost = async (at: string, argv: readonly string[], input = ""): Promise<string> => {
    const [program = "", ...words] = host.inside(argv);
    const { all, exitCode } = await execa(program, words, {
      ...{ all: true, reject: false, input },
      env: {
        ...{ ...tools, INVOCATION_ID: "", JOURNAL_STREAM: undefined },
        PATH: `${join(folder, "set/hosts/pve/bin")}:${tools.PATH}`,
        ...clockFrom(folder, at),
      },
    });
    if (exitCode !== 0)
      throw new Error(`${argv.join(" ")} at ${at} ended with ${exitCode}:\n${input}\n${all}`);
    return all;
  };
  return {
    async run(job, at) {
      await onHost(at, [job, "run"]);
    },
    write(service, at) {
      const tree = host.outside(trees[service]);
      mkdirSync(tree, { recursive: true });
      writeFileSync(join(tree, at), `written at ${at}\n`);
    },
    written: service => readdirSync(host.outside(trees[service])).sort(),
    async lose(domain, at) {
      const { exitCode, text } = await holdfastIn(folder, ["lose", "--domain", domain, "--at", at, "--json"]);
      if (exitCode !== 0) throw new Error(text);
      return new Map(
        answer.parse(JSON.parse(text)).map(({ service, datasets: [{ copy }] }) => [service as Service, copy]),
      );
    },
    type: (printed, at) => onHost(at, ["bash", "--norc", "-e"], printed),
    async replaceDisk(disk) {
      await host.run("umount", disks[disk].mount);
      await made(disk, "-U", uuids[disk]);
      await mount(host, disk);
    },
    async replaceHost() {
      await host.close();
      for (const disk of ["live", "backup"] as const) await made(disk, "-U", uuids[disk]);
      host = await boot();
    },
    async takeNas() {
      await execa("find", [far.tree, "-mindepth", "1", "-delete"]);
      leadNas("127.0.0.77");
    },
    bringNas: () => leadNas(nasAddress),
    device: disk => host.run("findmnt", "--noheadings", "--output=SOURCE", disks[disk].mount),
    inSet: path => readFileSync(join(folder, "set", path), "utf8"),
    install(name, script) {
      mkdirSync(join(folder, "bin"), { recursive: true });
      writeFileSync(join(folder, "bin", name), script, { mode: 0o755 });
    },
    firing: at => firingAlerts(estate, pushes.received, at),
    async close() {
      await host.close();
      await far.stop();
      await pushes.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the example has of trees, of a machine that has no thin volumes and no cluster. */
function houseEstate(
  far: Far,
  pushgateway: string,
  uuids: Readonly<Record<Disk, string>>,
  { add, secrets }: More,
): EstateInput {
  return exampleWith(estate => {
    const { hosts, destinations, monitoring, layers } = estate;
    const pve = hosts["pve"];
    if (pve?.filesystems === undefined) throw new Error("the example has a host pve with file systems");
    for (const disk of ["live", "backup"] as const)
      Object.assign(pve.filesystems[disks[disk].mount] ?? {}, { fsUuid: uuids[disk] });
    Object.assign(destinations["nas"] ?? {}, {
      ...{ address: nasName, port: far.port, user: far.user, hostKey: far.hostKey },
    });
    monitoring.pushgateway = pushgateway;
    for (const name of Object.keys(estate.services)) if (!(name in trees)) delete estate.services[name];
    keepLayers(layers, ["nfs-mirror", "offsite-sync"]);
    estate.zone = "UTC";
    estate.secrets = Object.fromEntries(
      ["nas-key", ...Object.keys(secrets)].map(name => [name, { keptIn: ["break-glass"] }]),
    );
    estate.firewalls = {};
    estate.clusters = {};
    delete destinations["nas"]?.secrets;
    delete monitoring.deadMan;
    for (const sync of layers["offsite-sync"]) sync.schedule = { ...sync.schedule, after: ["nfs-mirror"] };
    add(estate);
  });
}

function keepLayers(layers: ExampleEstate["layers"], kept: readonly string[]): void {
  for (const [name, parts] of Object.entries(layers)) if (!kept.includes(name)) parts.length = 0;
}

/** Writes a break-glass set of the estate, and unpacks it into the folder `set`, as its page tells. */
async function openSet(folder: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const identity = await generateIdentity();
  writeFileSync(join(folder, "keys.txt"), `${identity}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "secrets.json"), JSON.stringify(secrets), { mode: 0o600 });
  const words = ["--secrets", "secrets.json", "--out", "set.age"];
  const exported = await holdfastIn(folder, [
    ...["break-glass", "export", ...words, "--recipient", await identityToRecipient(identity)],
  ]);
  if (exported.exitCode !== 0) throw new Error(exported.text);
  const age = join(await debianPackages("age", ["age"]), "usr/bin/age");
  mkdirSync(join(folder, "set"));
  execFileSync("sh", ["-c", '"$0" --decrypt --identity keys.txt set.age | tar xzf - -C set', age], {
    cwd: folder,
  });
}
