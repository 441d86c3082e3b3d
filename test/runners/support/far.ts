import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { debianPackages } from "../../../lab/debian";
import { freePort } from "../../../lab/free-port";
import { killUnshared } from "../../../lab/kill-unshared";
import { firewallPrograms } from "../../../lab/servers/firewall/sshd";
import { offsiteModule, offsiteSyncModule } from "../../../plan/contracts/offsite-sync";
import { makeDiskImage } from "./disk-image";
import { rsyncPackages } from "./rsync-tools";

/** A module beside a destination's own that syncs all to disk when it is asked for. */
export const syncingModule = (tree: string): readonly string[] => [
  `[${offsiteSyncModule}]`,
  ...[`path = ${tree}`, "read only = yes", 'pre-xfer exec = sync -f "$RSYNC_MODULE_PATH"'],
];

/** A destination: a real sshd on a free port, whose account opens one module of a real rsync daemon, and is nobody else. */
export interface Far {
  readonly port: number;
  readonly user: "nas";
  readonly hostKey: string;
  readonly privateKey: string;
  /** Its tree, as its disk has it. */
  readonly tree: string;
  /** Where this process finds a path of its own disk; another one after each start. */
  outside(path: string): string;
  /** Runs a command as its root. */
  inside(program: string, ...args: string[]): Promise<string>;
  /** Program that takes rsync's place there; `REAL` in its text is rsync. */
  shadow(script: string): void;
  unshadow(): void;
  /** Settings of its sshd beside its own, from its next start on. They win over its own. */
  configure(...settings: readonly string[]): void;
  start(): Promise<void>;
  /** With all of its connections. */
  stop(): Promise<void>;
  /** It loses its power, and has it again: of a disk of its own, what had been written to that is left. */
  losePower(): Promise<void>;
  /** Settings of its module beside its own, as rsyncd.conf(5) has them. */
  configureModule(...settings: readonly string[]): void;
}

const uid = 64_000;
const diskImage = "disk.img";

/**
 * @param folder that every user may pass
 * @param megabytes of a disk of its own for its tree; this machine's own where it isn't given
 */
export async function startFar(folder: string, megabytes?: number): Promise<Far> {
  mkdirSync(join(folder, "tree"), { recursive: true });
  chmodSync(folder, 0o711);
  chownSync(join(folder, "tree"), uid, uid);
  if (megabytes !== undefined)
    await makeDiskImage(join(folder, diskImage), megabytes, ["-E", `root_owner=${uid}:${uid}`]);
  const server = await firewallPrograms();
  // The cache is root's alone, and who logs in there is not.
  const programs = join(folder, "programs");
  cpSync(await debianPackages("rsync", rsyncPackages), programs, { recursive: true, dereference: true });
  for (const key of ["host", "user"])
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", join(folder, key)]);
  const publicKey = (key: string): string =>
    readFileSync(join(folder, `${key}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  const port = await freePort();
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"]
    .map(path => join(programs, path))
    .join(":");
  const rsync = join(programs, "usr/bin/rsync");
  const command = join(folder, "receive");
  const text = (name: string, content: string, mode = 0o644): void => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  };
  const unshadow = (): void =>
    text(
      "receive",
      `#!/bin/sh\nexport LD_LIBRARY_PATH=${libraries}\nexec ${rsync} --server --daemon --config=${join(folder, "rsyncd.conf")} .\n`,
      0o755,
    );
  unshadow();
  text("authorized_keys", `restrict,command="${command}" ${publicKey("user")}\n`);
  const configureModule = (...settings: readonly string[]): void =>
    text(
      "rsyncd.conf",
      [
        ...[
          "use chroot = no",
          "log file = /dev/null",
          `[${offsiteModule}]`,
          `path = ${join(folder, "tree")}`,
        ],
        ...["read only = no", "fake super = yes", "munge symlinks = yes", ...settings, ""],
      ].join("\n"),
    );
  configureModule();
  text(
    "passwd",
    `${readFileSync("/etc/passwd", "utf8")}sshd:x:65530:65534::/run/sshd:/usr/sbin/nologin\nnas:x:${uid}:${uid}::${folder}:/bin/sh\n`,
  );
  text("shadow", "root:*:19000:0:99999:7:::\nnas:*:19000:0:99999:7:::\n", 0o600);
  const configure = (...settings: readonly string[]): void =>
    text(
      "sshd_config",
      [
        ...settings,
        ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${join(folder, "host")}`, "PidFile none"],
        ...[`AuthorizedKeysFile ${join(folder, "authorized_keys")}`, "StrictModes no", "UsePAM no"],
        ...["PasswordAuthentication no", "KbdInteractiveAuthentication no"],
        // For sntrup761, on which both would agree, ssh computes longer than for all that a run sends here.
        ...["KexAlgorithms curve25519-sha256", ""],
      ].join("\n"),
    );
  configure();
  let child: ChildProcess | undefined;
  const far: Far = {
    ...{ port, user: "nas", hostKey: publicKey("host"), tree: join(folder, "tree") },
    privateKey: readFileSync(join(folder, "user"), "utf8"),
    shadow: script =>
      text(
        "receive",
        `#!/bin/sh\nexport LD_LIBRARY_PATH=${libraries}\n${script.replaceAll("REAL", rsync).replaceAll("CONFIG", join(folder, "rsyncd.conf"))}\n`,
        0o755,
      ),
    unshadow,
    configure,
    configureModule,
    outside: path => `/proc/${child?.pid}/root${path}`,
    inside: async (program, ...args) =>
      (await execa("nsenter", [`--mount=/proc/${child?.pid}/ns/mnt`, program, ...args])).stdout,
    async start() {
      child = serve(folder, server);
      await listening(child);
    },
    async stop() {
      if (child) await killUnshared(child);
    },
    async losePower() {
      const [disk, left] = [join(folder, diskImage), join(folder, "left.img")];
      // What its kernel still has in memory alone isn't in the file.
      await execa("cp", ["--sparse=always", disk, left]);
      await far.stop();
      renameSync(left, disk);
      await far.start();
    },
  };
  await far.start();
  return far;
}

/** Its sessions are in its own list of processes, and end with it. */
function serve(folder: string, programs: string): ChildProcess {
  const script = [
    `mount --bind "$0/passwd" /etc/passwd`,
    `mount --bind "$0/shadow" /etc/shadow`,
    "mount -t tmpfs tmpfs /run",
    "mkdir -m 755 /run/sshd",
    `{ [ ! -e "$0/${diskImage}" ] || mount -o loop "$0/${diskImage}" "$0/tree"; }`,
    `exec "$@"`,
  ].join(" && ");
  const sshd = [join(programs, "usr/sbin/sshd"), "-D", "-e", "-f", join(folder, "sshd_config")];
  const own = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child"];
  return spawn("unshare", [...own, "sh", "-c", script, folder, ...sshd], {
    env: {
      ...process.env,
      LD_LIBRARY_PATH: ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"]
        .map(path => join(programs, path))
        .join(":"),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Server listening")) resolve();
    });
    child.once("exit", code => reject(new Error(`sshd ended with ${code}: ${said}`)));
  });
}
