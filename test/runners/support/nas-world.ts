import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../../../lab/cache";
import type { NasSnapshotsConfig } from "../../../plan/contracts/nas-snapshots";
import { runnerOf } from "../../../stacks/runner";
import { type Far, startFar } from "./far";
import { noonZone } from "./noon";
import { type Recorder, startRecorder } from "./recorder";
import { type FinishedRun, startRunner } from "./started-run";

/** A NAS by the lab's stand-ins behind a real sshd, and the bundled runner with a config for it. */
export interface NasWorld {
  readonly config: NasSnapshotsConfig;
  readonly far: Far;
  readonly pushes: Recorder;
  readonly password: string;
  /** Where the NAS keeps its snapshots. */
  readonly snapshots: string;
  /** A snapshot of some age, with what the share has now; gives its name. */
  snapshot(ageMs: number): string;
  /** A file of the NAS: "clock", "df", "qgroups", "subvolumes", "rights", "password", "tries" or "share.conf". */
  set(file: string, text: string): void;
  read(file: string): string;
  /** A program of the NAS is another one for a while; `REAL` in its text is the stand-in. */
  shadow(program: "synosharesnapshot" | "btrfs", script: string): void;
  unshadow(): void;
  writeConfig(change: Partial<NasSnapshotsConfig>): void;
  run(...args: string[]): Promise<FinishedRun & { result: Record<string, unknown>; output: string }>;
  metrics(): Record<string, number>;
  close(): Promise<void>;
}

const day = 86_400_000;

export async function createNasWorld(): Promise<NasWorld> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-nas-"));
  chmodSync(folder, 0o711);
  const [pushes, far] = await Promise.all([startRecorder(), startFar(join(folder, "far"))]);
  const { path: bundle } = await runnerOf("nas-snapshots");
  const nas = join(folder, "nas");
  const volume = join(nas, "volume1");
  const snapshots = join(volume, "@sharesnap", "Backup");
  const password = "pass word's $ecret";
  mkdirSync(snapshots, { recursive: true });
  chmodSync(join(volume, "@sharesnap"), 0o777);
  mkdirSync(join(volume, "Backup", "books"), { recursive: true });
  writeFileSync(join(volume, "Backup", "books", "one"), "a book");
  mkdirSync(join(folder, "credentials"));
  writeFileSync(join(folder, "credentials", "key"), far.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "credentials", "password"), `${password}\n`, { mode: 0o600 });
  const set = (file: string, text: string, mode = 0o666): void => {
    writeFileSync(join(nas, file), text);
    chmodSync(join(nas, file), mode);
  };
  const program = "/usr/syno/sbin/synosharesnapshot";
  for (const path of ["bin", "as-root", "root/usr/syno/sbin", "root/usr/syno/bin"])
    mkdirSync(join(nas, path), { recursive: true });
  const standIn = (name: string): string => join(projectRoot, "lab/nas", name);
  const install = (): void => {
    copyFileSync(standIn("synosharesnapshot"), join(nas, "root", program));
    set(`root${program}`, readFileSync(standIn("synosharesnapshot"), "utf8"), 0o755);
    set("root/real", readFileSync(standIn("synosharesnapshot"), "utf8"), 0o755);
    set("as-root/btrfs", btrfs, 0o755);
    set("root/btrfs", btrfs, 0o755);
  };
  set("bin/sudo", readFileSync(standIn("sudo"), "utf8"), 0o755);
  set(
    "bin/date",
    '#!/bin/sh\n[ "$*" = +%s ] && [ -s "$SUDO_STATE/clock" ] && exec cat "$SUDO_STATE/clock"\nexec /bin/date "$@"\n',
    0o755,
  );
  set("bin/df", '#!/bin/sh\nexec cat "$SUDO_STATE/df"\n', 0o755);
  set("as-root/id", "#!/bin/sh\necho 0\n", 0o755);
  set("password", password);
  set("tries", "");
  set("clock", "");
  install();
  // All that the stand-ins of its sudo run is the account's own.
  far.shadow(
    `unset LD_LIBRARY_PATH; export SUDO_STATE=${nas} SYNO_VOLUME=${volume} PATH=${nas}/bin:/usr/bin:/bin; umask 0; exec sh -c "$SSH_ORIGINAL_COMMAND"`,
  );
  const config: NasSnapshotsConfig = {
    ...{ job: "nas-snapshots", host: "pve", budgetMs: 600_000, graceMs: 1 },
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile", "nas.prom"),
    driftTextfile: join(folder, "textfile", "nas-drift.prom"),
    pushgateway: { url: pushes.url, timeoutMs: 2_000, attempts: 1 },
    credentialsDir: join(folder, "credentials"),
    nas: {
      ...{ name: "nas", address: "127.0.0.1", port: far.port, user: far.user, hostKey: far.hostKey },
      ...{ key: "key", password: "password", volume, share: "Backup" },
    },
    calendar: "*-*-* 00:00:00",
    zone: noonZone,
    keepMs: 7 * day,
    mayDelete: false,
    keepAtLeast: 1,
    senders: [],
  };
  const configFile = join(folder, "config.json");
  const place = join(volume, "Backup");
  set(
    "rights",
    [
      `${program} list Backup`,
      `${program} shareconf get Backup`,
      `btrfs qgroup show --raw -reF ${place}`,
      `btrfs qgroup show --raw -re ${volume}`,
      `btrfs subvolume list -s ${volume}`,
      "",
    ].join("\n"),
  );
  const world: NasWorld = {
    ...{ config, far, pushes, password, snapshots, set },
    snapshot(ageMs) {
      const text = new Date(Date.now() - ageMs).toISOString();
      const name = `GMT-${text.slice(0, 10).replaceAll("-", ".")}-${text.slice(11, 19).replaceAll(":", ".")}`;
      mkdirSync(join(snapshots, name, "books"), { recursive: true });
      writeFileSync(join(snapshots, name, "books", "one"), "a book");
      for (const path of [snapshots, join(snapshots, name), join(snapshots, name, "books")])
        chmodSync(path, 0o777);
      return name;
    },
    read: file => readFileSync(join(nas, file), "utf8"),
    shadow(name, script) {
      const path = name === "btrfs" ? "root/btrfs" : `root${program}`;
      set(path, `#!/bin/sh\n${script.replaceAll("REAL", join(nas, "root/real"))}\n`, 0o755);
    },
    unshadow: install,
    writeConfig: change => writeFileSync(configFile, JSON.stringify({ ...config, ...change })),
    async run(...args) {
      const { finished } = startRunner(
        [process.execPath, bundle, "--config", configFile, ...args, "--json"],
        { ...process.env, INVOCATION_ID: "", JOURNAL_STREAM: undefined },
        config.stateDir,
      );
      const ended = await finished;
      const result = JSON.parse(ended.stdout || "{}") as Record<string, unknown>;
      return { ...ended, result, output: ended.stdout + ended.stderr };
    },
    metrics() {
      const text = [config.textfile, config.driftTextfile].map(readOr).join("");
      return Object.fromEntries(
        [...text.matchAll(/^nas_snapshot_(\w+(?:\{[^}]*\})?) (\d+)$/gm)].map(([, name = "", value]) => [
          name.replace('drift{setting="', "drift ").replace('"}', ""),
          Number(value),
        ]),
      );
    },
    async close() {
      await far.stop();
      await pushes.close();
      await execa("rm", ["-rf", folder]);
    },
  };
  rmSync(config.stateDir, { recursive: true, force: true });
  world.writeConfig({});
  return world;
}

/** What the stand-in of Synology's program and the runner ask btrfs, over folders and files. */
const btrfs = `#!/bin/sh
case "$1 $2" in
  "subvolume snapshot") cp -a "$4" "$5" ;;
  "subvolume delete") rm -r "$3" ;;
  "subvolume list") cat "$SUDO_STATE/subvolumes" ;;
  "qgroup show") case $4 in *F) cat "$SUDO_STATE/qgroup" ;; *) cat "$SUDO_STATE/qgroups" ;; esac ;;
esac
`;

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
