import { bundleRunner } from "../../../host-scripts/bundle-runner";
import { type CommandResult, type HostName, mustOnHost, onHost } from "../../../lab/hosts";
import type { LvmPvcSnapshotConfig } from "../../../plan/contracts/lvm-pvc-snapshot";
import { sandboxLines } from "../../../plan/systemd-sandbox";

/** Where all of it is on the host. */
export const folder = "/root/snapshot-test";
const held = `${folder}/held`;
/** What the job's own unit takes away from it. */
const sandbox = sandboxLines(
  { reads: [], writes: [folder], files: "own", volumes: "changed", parses: false },
  [],
)
  .map(line => `-p '${line}'`)
  .join(" ");
const timeoutMs = 1_200_000;

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

/** State of the pool after a run. */
export interface Left {
  /** Equals `expected`: LVM and the kernel agree on the last change, and no device is suspended. */
  readonly whole: { readonly recorded: string; readonly suspended: readonly string[] };
  readonly expected: Left["whole"];
  /** Sorted. */
  readonly snapshots: readonly string[];
}

/** Scripts for `before`. Each works once, so that what comes after the run is not held. */
const once = (script: string): string => `[ -e ${held} ] || { ${script}; }`;
/** The program never gets to do its work. */
export const holdBefore = once(`touch ${held}; exec sleep 600`);
/** It has done its work, and doesn't end. */
export const holdAfter = once(`$real "$@"; touch ${held}; exec sleep 600`);
/** It begins its work after a while. */
export const delay = (seconds: number): string => once(`touch ${held}; sleep ${seconds}`);

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
      restoresTextfile: `${folder}/restores.prom`,
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
   * Puts a script before a program of the host: what happens to a run there happens each time. `$real` is the program.
   * @returns PATH for `run` and `service`
   */
  async before(program: string, script: string): Promise<string> {
    const bin = `${folder}/bin`;
    await this.sh(
      `rm -rf ${bin} ${held}; mkdir ${bin}; cat >${bin}/${program}; chmod +x ${bin}/${program}`,
      `#!/bin/sh\nreal=/usr/sbin/${program}\n${script}\nexec $real "$@"\n`,
    );
    return `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`;
  }

  /**
   * A run as a service, with the program's report of a lost end; `act` is done once the run is in `phase`, and held there
   * if a script holds it.
   * @param act a shell's command; the service is called $unit, $runner begins a run by hand
   * @param path what `before` gave
   * @returns once the service has ended, its lines
   */
  service(phase: string, act: string, path?: string): Promise<string> {
    this.services += 1;
    const program = `/usr/bin/node ${folder}/runner.cjs --config ${folder}/config.json`;
    const running = `${stateDir}/running.json`;
    const lines = `${folder}/lines`;
    const there = `grep -qs '"phase":"${phase}"' ${running}${path === undefined ? "" : ` && [ -e ${held} ]`}`;
    return this.sh(
      `unit=snapshot-test-${this.services}; runner='${program}'; rm -f ${running} ${lines} ${held}
       systemd-run -q --collect --unit=$unit -p KillMode=mixed ${sandbox} -p ExecStopPost='${program} --report-end' \
         -p StandardOutput=append:${lines} -p StandardError=append:${lines} \
         -E PATH=${path ?? "/usr/sbin:/usr/bin:/sbin:/bin"} ${program}
       until ${there}; do systemctl is-active -q $unit || { cat ${lines} >&2; exit 9; }; sleep 0.1; done
       ${act}
       while systemctl show -p ActiveState --value $unit | grep -qE '^(active|activating|deactivating)'; do sleep 0.3; done
       cat ${lines}`,
    );
  }

  /** What every end has to leave whole, and what it tells. */
  async look(): Promise<Left> {
    const seen = await this.sh(
      `lvs --noheadings --separator ' ' -o lv_name,transaction_id ${vg}; echo; dmsetup status ${poolDevice} | cut -d' ' -f4
       dmsetup info -c --noheadings -o name,suspended --separator ' ' | grep Suspended || :`,
    );
    const [rows = "", kernel = ""] = seen.split("\n\n");
    const [transaction = "", ...suspended] = kernel.trim().split("\n");
    const volumes = rows.split("\n").map(row => row.trim().split(" "));
    const recorded = volumes.find(([name]) => name === pool)?.[1] ?? "";
    return {
      whole: { recorded, suspended },
      expected: { recorded: transaction, suspended: [] },
      snapshots: volumes.flatMap(([name = ""]) => (name.includes("_snap_") ? [name] : [])).sort(),
    };
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

// Not by vgremove, which writes LVM's metadata anew for each of the volumes: their disk goes with them.
const removal = `if [ -e ${folder}/disk ]; then vgchange -qq -an ${vg} || :; fi
  for disk in $(losetup --noheadings -O NAME -j ${folder}/disk); do losetup -d $disk; done; rm -rf ${stateDir} ${folder}/disk ${folder}/metrics.prom`;
