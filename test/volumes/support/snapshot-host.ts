import { bundleRunner } from "../../../host-scripts/bundle-runner";
import { type CommandResult, type HostName, mustOnHost, onHost } from "../../../lab/hosts";
import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";

const folder = "/root/snapshot-test";
const timeoutMs = 300_000;

/** A volume group with hyphens in its name and a pool that is easily filled, on a file of a lab host. */
export const vg = "lab-small";
export const pool = "thin-data";
/** Its status, as device-mapper has it. */
export const poolDevice = "lab--small-thin--data-tpool";
export const stateDir = `${folder}/state`;

export interface Ended extends CommandResult {
  /** The end's figures, from `--json`. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** The bundled runner on a lab host, with a pool of its own. */
export class SnapshotHost {
  private services = 0;

  private constructor(readonly host: HostName) {}

  static async open(host: HostName): Promise<SnapshotHost> {
    const opened = new SnapshotHost(host);
    const { text } = await bundleRunner("lvm-pvc-snapshot");
    await opened.close();
    await opened.sh(`mkdir -p ${folder} && cat >${folder}/runner.cjs`, text);
    await opened.writeConfig();
    return opened;
  }

  /** A fresh pool of 128 MiB, with 2 MiB of metadata, and volumes of 32 MiB in it. */
  async freshPool(...volumes: readonly string[]): Promise<void> {
    await this.sh(
      `set -e; ${removal}; mkdir -p ${stateDir}; truncate -s 160M ${folder}/disk
       disk=$(losetup --find --show ${folder}/disk); pvcreate -qq $disk; vgcreate -qq -s 1M ${vg} $disk
       lvcreate -qq --type thin-pool -L 128M --poolmetadatasize 2M -n ${pool} ${vg}
       for name in ${volumes.join(" ")}; do lvcreate -qq -V 32M -T ${vg}/${pool} -n "$name"; done`,
    );
  }

  async writeConfig(change: Partial<LvmPvcSnapshotConfig> = {}): Promise<void> {
    const config: LvmPvcSnapshotConfig = {
      ...{ job: "lvm-pvc-snapshot", host: this.host, budgetMs: 600_000, stateDir, zone: "Europe/Berlin" },
      ...{ textfile: `${folder}/metrics.prom`, vg, pool, pattern: "vm-*-pvc-*" },
      pushgateway: { url: "http://127.0.0.1:1", timeoutMs: 200, attempts: 1 },
      excludeNamespaces: [],
      keep: { kind: "age", ms: 7 * 86_400_000, atLeast: 1 },
      guard: {
        thinOut: { dataPercent: 80, metadataPercent: 80 },
        decline: { dataPercent: 90, metadataPercent: 90 },
      },
      credentialsDir: `${folder}/credentials`,
      ...change,
    };
    await this.sh(`cat >${folder}/config.json`, JSON.stringify(config));
  }

  /** Runs a shell's command, which has to succeed. @returns what it printed */
  sh(command: string, input = ""): Promise<string> {
    return mustOnHost(this.host, command, { input, timeoutMs });
  }

  /** One run of the program to its end. @param before commands of the same shell, such as a PATH */
  async run(words = "", before = "true"): Promise<Ended> {
    const command = `${before}; node ${folder}/runner.cjs --config ${folder}/config.json --json ${words}`;
    const ended = await onHost(this.host, command, { timeoutMs });
    const last = ended.stdout.trim().split("\n").at(-1) ?? "";
    return { ...ended, result: last.startsWith("{") ? (JSON.parse(last) as Record<string, unknown>) : {} };
  }

  /**
   * Puts programs before those of the host: each waits so long before it does what it is for. A run that is started
   * with them is in a phase for long enough to be met there.
   * @returns PATH for `run` and `service`
   */
  async slow(seconds: number, ...programs: readonly string[]): Promise<string> {
    const bin = `${folder}/slow`;
    await this.sh(
      `rm -rf ${bin}; mkdir ${bin}; for name in ${programs.join(" ")}; do
         printf '#!/bin/sh\nsleep ${seconds}\nexec /usr/sbin/%s "$@"\n' $name >${bin}/$name; chmod +x ${bin}/$name; done`,
    );
    return `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`;
  }

  /**
   * A run as a service, with the program's report of a lost end; `act` is done once the run is in `phase`.
   * @param act a shell's command; the service is called $unit
   * @returns once the service has ended, its lines
   */
  service(phase: string, act: string, path = "/usr/sbin:/usr/bin:/sbin:/bin"): Promise<string> {
    this.services += 1;
    const program = `/usr/bin/node ${folder}/runner.cjs --config ${folder}/config.json`;
    const running = `${stateDir}/running.json`;
    const lines = `${folder}/lines`;
    return this.sh(
      `unit=snapshot-test-${this.services}; rm -f ${running} ${lines}
       systemd-run -q --collect --unit=$unit -p TimeoutStopSec=180 -p ExecStopPost='${program} --report-end' \
         -p StandardOutput=append:${lines} -p StandardError=append:${lines} -E PATH=${path} ${program}
       until grep -qs '"phase":"${phase}"' ${running}; do systemctl is-active -q $unit || { cat ${lines}; exit 9; }; sleep 0.05; done
       ${act}
       while systemctl show -p ActiveState --value $unit | grep -qE '^(active|activating|deactivating)'; do sleep 0.2; done
       cat ${lines}`,
    );
  }

  /** Value of a metric in the textfile. */
  async metrics(): Promise<Record<string, number>> {
    const text = await this.sh(`cat ${folder}/metrics.prom`);
    return Object.fromEntries(
      [...text.matchAll(/^lvm_snapshot_(\w+) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
    );
  }

  /** Names of the volumes that match a pattern of the shell, sorted. */
  async volumes(pattern = "*"): Promise<string[]> {
    const names = (await this.sh(`lvs --noheadings -o lv_name -S 'pool_lv=${pool}' ${vg}`)).split(/\s+/);
    const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
    return names.filter(name => name !== "" && expression.test(name)).sort();
  }

  /** Plugs the pool's disk in again after a power cut. */
  async replug(): Promise<void> {
    await this.sh(`losetup --find ${folder}/disk && pvscan -q --cache && vgchange -qq -ay ${vg}`);
  }

  /** Leaves nothing behind. */
  async close(): Promise<void> {
    await this.sh(`systemctl stop 'snapshot-test-*' 2>/dev/null; ${removal}; rm -rf ${folder}`);
  }
}

const removal = `if vgs ${vg} >/dev/null 2>&1; then vgremove -qq -f -y ${vg}; fi
  for disk in $(losetup --noheadings -O NAME -j ${folder}/disk); do losetup -d $disk; done; rm -rf ${stateDir} ${folder}/disk ${folder}/metrics.prom`;
