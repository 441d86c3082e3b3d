import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import {
  installScript,
  manifestOf,
  type OwnedJob,
  releaseCommand,
  type ReleaseFile,
  removeFolder,
  type RunnerBundle,
} from "../../components/host-release/commands";
import { releaseScript } from "../../components/host-release/tools";

/** A runner that does nothing but judge its config, as the real ones do before they go live. */
const runner = `
const config = JSON.parse(require("fs").readFileSync(process.argv[process.argv.indexOf("--config") + 1], "utf8"));
if (!process.argv.includes("--check-config")) process.exit(9);
if (config.wrong) { console.error("config.wrong: expected nothing"); process.exit(2); }
`;

/** One that also says what it has begun and not ended: what the host has in a file. */
export const knowingRunner = `
if (process.argv.includes("--unfinished")) {
  const file = "/opt/unfinished";
  if (require("fs").existsSync(file)) process.stdout.write(require("fs").readFileSync(file));
  process.exit(0);
}${runner}`;

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HostState {
  readonly live: string;
  readonly units: Record<string, string>;
  /** What lies in /usr/local/bin: the text, or "-> TARGET" of a link. */
  readonly commands: Record<string, string>;
  readonly left: string[];
}

/**
 * What a host is to a release, on this machine: /opt, /etc/systemd/system and /usr/local/bin of its own in a mount
 * namespace, the real sh, Node and systemd-analyze, and a systemctl that only notes what it is told.
 */
export class ReleaseHost {
  /** Shell text that runs in the namespace before each command, e.g. a mount. */
  before = ":";
  /** Text of the runner that is deployed. */
  runner = runner;
  /** The stack that deploys. */
  stack = "organization/holdfast/one";
  private ownPath: string | undefined;

  /** @param folder of another one, for a second stack on the same host */
  constructor(readonly folder = mkdtempSync(join(tmpdir(), "holdfast-release-"))) {
    for (const name of ["opt", "units", "commands", "bin"])
      mkdirSync(join(this.folder, name), { recursive: true });
    const systemctl = `#!/bin/sh
echo "$*" >>"${this.folder}/calls"
[ ! -x "${this.folder}/on-$1" ] || exec "${this.folder}/on-$1" "$@"
`;
    writeFileSync(join(this.folder, "bin", "systemctl"), systemctl, { mode: 0o755 });
  }

  /** Makes this host what another one is now. */
  async become({ folder }: ReleaseHost): Promise<void> {
    const trees = ["opt", "units", "commands"].map(name => join(folder, name));
    await execa("cp", ["-a", ...trees, this.folder]);
  }

  /** Runs a command as the provider would over SSH. */
  async run(command: string, input = ""): Promise<Ended> {
    const arguments_ = ["--mount", "sh", "-c", this.#script(), "sh", this.folder, command];
    const { exitCode, stdout, stderr } = await execa("unshare", arguments_, { input, reject: false });
    return { exitCode, stdout, stderr };
  }

  /** Puts an `ssh` into the folder "ssh" that notes its words and runs the command on this host; or another script. */
  installSsh(script = 'exec "$0.run" "$last"'): void {
    const [folder, notes] = [join(this.folder, "ssh"), join(this.folder, "ssh-")];
    mkdirSync(folder, { recursive: true });
    const noting = `#!/bin/sh
echo " $* " >"${notes}words"
for word; do
  case $word in UserKnownHostsFile=*) cp "\${word#*=}" "${notes}known-hosts" ;; esac
  last=$word
done
${script}
`;
    writeFileSync(join(folder, "ssh"), noting, { mode: 0o755 });
    const running = `#!/bin/sh
exec unshare --mount sh -c '${this.#script()}' sh "${this.folder}" "$1"
`;
    writeFileSync(join(folder, "ssh.run"), running, { mode: 0o755 });
  }

  /** Everything up to the switch, in the component's order. */
  async stage(files: readonly ReleaseFile[]): Promise<Ended> {
    const steps: [string, string][] = [
      [installScript(this.owned, releaseScript()), releaseScript()],
      ...files.map((file): [string, string] => [releaseCommand(this.owned, "stage", file.name), file.text]),
      [releaseCommand(this.owned, "room"), `${this.bundle.sha256} ${this.bundle.sizeBytes}\n`],
      ["cat >/opt/holdfast/nfs-mirror/staging/nfs-mirror.cjs", this.runner],
    ];
    for (const [command, input] of steps) {
      const ended = await this.run(command, input);
      if (ended.exitCode !== 0) return ended;
    }
    return { exitCode: 0, stdout: "", stderr: "" };
  }

  async deploy(files: readonly ReleaseFile[]): Promise<Ended> {
    const staged = await this.stage(files);
    return staged.exitCode === 0 ? this.activate(files) : staged;
  }

  activate(files: readonly ReleaseFile[]): Promise<Ended> {
    return this.run(releaseCommand(this.owned, "activate"), manifestOf("nfs-mirror", files, this.bundle));
  }

  get owned(): OwnedJob {
    return { job: "nfs-mirror", stack: this.stack };
  }

  async destroy(): Promise<Ended> {
    const removed = await this.run(releaseCommand(this.owned, "remove"));
    return removed.exitCode === 0 ? this.run(removeFolder(this.owned)) : removed;
  }

  /** Makes the next systemctl of this verb do what a shell script says. */
  on(verb: string, script: string): void {
    writeFileSync(join(this.folder, `on-${verb}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Calls of systemctl since the last time this was asked. */
  calls(): string[] {
    const file = join(this.folder, "calls");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    rmSync(file, { force: true });
    return lines;
  }

  /** Live release, text of each installed unit, commands, and every name that a release left, staging apart. */
  async state(): Promise<HostState> {
    const { stdout } = await this.run(
      "readlink /opt/holdfast/nfs-mirror/current || true; cd /opt; find . -path ./holdfast/nfs-mirror/staging -prune -o -print",
    );
    const [live = "", ...left] = stdout.startsWith("releases/")
      ? stdout.split("\n")
      : ["", ...stdout.split("\n")];
    const folder = join(this.folder, "units");
    const units = readdirSync(folder).map(name => [name, readFileSync(join(folder, name), "utf8")]);
    const commands = this.#commands().map(name => [name, this.#target(name)]);
    return {
      live,
      units: Object.fromEntries(units),
      commands: Object.fromEntries(commands),
      left: left.sort(),
    };
  }

  /** Puts a file at /usr/local/bin/NAME, as the host's owner would. */
  installCommand(name: string, text: string): void {
    writeFileSync(join(this.folder, "commands", name), text, { mode: 0o755 });
  }

  /** Runs its second word in the namespace that it makes of the folder, which is its first. */
  #script(): string {
    return `
      mount --bind "$1/opt" /opt && mount --bind "$1/units" /etc/systemd/system && mount --bind "$1/commands" /usr/local/bin && export PATH="$1/bin:$PATH"
      cd / && ${this.before} && exec sh -c "$2"`;
  }

  #commands(): string[] {
    return readdirSync(join(this.folder, "commands"));
  }

  /** Of a link its target, of a file its text. */
  #target(name: string): string {
    const path = join(this.folder, "commands", name);
    return lstatSync(path).isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, "utf8");
  }

  /** Has this process go to this host, until it is removed: what `installSsh` puts there comes before its own programs. */
  leadHere(): void {
    this.ownPath = process.env["PATH"];
    process.env["PATH"] = `${join(this.folder, "ssh")}:${this.ownPath}`;
  }

  remove(): void {
    if (this.ownPath !== undefined) process.env["PATH"] = this.ownPath;
    rmSync(this.folder, { recursive: true, force: true });
  }

  get bundle(): RunnerBundle {
    const { runner: text } = this;
    return { path: "", sha256: createHash("sha256").update(text).digest("hex"), sizeBytes: text.length };
  }
}

/** Files of a release; each hour gives another timer. With a command that prints one word, if that is given. */
export function release({ hour = "02", wrong = false, service = "", command = "" } = {}): ReleaseFile[] {
  return [
    ...(command === "" ? [] : [{ name: "nfs-mirror", text: `#!/bin/sh\necho ${command}\n` }]),
    {
      name: "nfs-mirror.service",
      text: `[Unit]\nDescription=Mirror\n\n[Service]\nType=oneshot\nExecStart=/bin/true\n${service}`,
    },
    { name: "nfs-mirror.timer", text: timer(hour) },
    { name: "config.json", text: JSON.stringify({ wrong }) },
  ];
}

export function timer(hour: string): string {
  return `[Unit]\nDescription=Mirror (timer)\n\n[Timer]\nOnCalendar=*-*-* ${hour}:00:00 UTC\nUnit=nfs-mirror.service\n\n[Install]\nWantedBy=timers.target\n`;
}

/** The units among a release's files, by name. */
export function unitsOf(files: readonly ReleaseFile[]): Record<string, string> {
  return Object.fromEntries(
    files.filter(file => /\.(service|timer)$/.test(file.name)).map(file => [file.name, file.text]),
  );
}
