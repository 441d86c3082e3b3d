import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiRefusal, type KubernetesApi } from "../../runtime/kubernetes/api";
import type { Log } from "../../runtime/log";
import type { LogicalVolume } from "../../runtime/lvm/listing";
import { unfinishedRestores } from "../../runtime/lvm/restore-record";
import { ownerTag } from "../../runtime/lvm/snapshots";
import { Stop } from "../../runtime/stop";
import type { RestoreRequest, World } from "./context";
import { restoreIn } from "./run";

export const live = "vm-9999-pvc-a";
export const snap = `${live}_snap_20260526T000003Z`;
const mib = 2 ** 20;

type Fake = { -readonly [Key in keyof LogicalVolume]: LogicalVolume[Key] } & { data: string };

/**
 * A pool and a cluster in memory, for tests that stop a restore between any two of its steps. Commands of LVM change the
 * pool as they would; pods follow their workload at once, hold the volume open and write to it.
 */
export class FakeWorld {
  readonly volumes: Fake[] = [];
  replicas = 2;
  /** Refuses to let go of the volume. */
  stuck = false;
  apiAway = false;
  /** How many unfinished restores were reported to monitoring, each time. */
  readonly reported: number[] = [];
  readonly lines: string[] = [];
  readonly results: unknown[] = [];
  // In memory where there is one: some thousand records are synced to disk here.
  readonly stateDir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "holdfast-restore-"));
  calls = 0;
  private crash: { at: number; after: boolean; died: () => void } | undefined;

  constructor() {
    this.add({ name: "data", pool: "", dataPercent: 40, metadataPercent: 10 });
    const old = this.add({ name: live, tags: ["pve-vm-9999"], data: "today" });
    this.add({ name: snap, origin: live, tags: [ownerTag], active: false, data: "then" });
    old.open = true;
  }

  add(change: Partial<Fake>): Fake {
    const volume: Fake = {
      ...{ uuid: `uuid-${this.volumes.length}`, name: "", sizeBytes: 64 * mib, pool: "data", origin: "" },
      ...{ thinId: this.volumes.length, tags: [], active: true, open: false, data: "" },
      ...{ transactionId: undefined, dataPercent: undefined, metadataPercent: undefined },
      ...change,
    };
    this.volumes.push(volume);
    return volume;
  }

  named(name: string): Fake | undefined {
    return this.volumes.find(volume => volume.name === name);
  }

  /** Runs until the end, or until the crash that was asked for. @returns the exit code or what was thrown; undefined for a crash */
  async run(
    change: Partial<RestoreRequest> = {},
    crash?: { at: number; after: boolean },
    stop = new Stop("lvm-pvc-snapshot", this.log),
  ): Promise<unknown> {
    this.calls = 0;
    const request: RestoreRequest = {
      ...{ volume: live, snapshot: snap, action: "restore", dryRun: false, workload: true, waitMs: 20 },
      ...change,
    };
    const died = new Promise<undefined>(resolve => {
      this.crash = crash && { ...crash, died: () => resolve(undefined) };
    });
    const ended = restoreIn(this.world(), request, {
      config: {
        ...{ job: "lvm-pvc-snapshot", host: "pve", vg: "pve", pool: "data", pattern: "vm-*-pvc-*" },
        guard: {
          thinOut: { dataPercent: 80, metadataPercent: 80 },
          decline: { dataPercent: 90, metadataPercent: 90 },
        },
        stateDir: this.stateDir,
      },
      log: this.log,
      stop,
    }).catch((error: unknown) => error);
    return Promise.race([ended, died]);
  }

  close(): void {
    rmSync(this.stateDir, { recursive: true });
  }

  private readonly log: Log = {
    info: line => void this.lines.push(line),
    warn: line => void this.lines.push(line),
    error: line => void this.lines.push(line),
    progress: () => undefined,
    result: value => void this.results.push(value),
  };

  private world(): World {
    return {
      pollMs: 1,
      tellUnfinished: () => {
        this.reported.push(unfinishedRestores(this.stateDir).length);
        return Promise.resolve();
      },
      lvm: {
        list: () => this.call(() => this.volumes.map(volume => ({ ...volume, tags: [...volume.tags] }))),
        mend: listed => Promise.resolve(listed),
        act: argv => this.call(() => this.lvm(argv)),
        fileSystem: () => this.call(() => "ext4"),
      },
      connect: (): KubernetesApi => ({
        get: path => this.call(() => this.get(path)),
        patch: (path, body) => this.call(() => this.patch(path, body)),
      }),
    };
  }

  /** A process that has died does nothing any more: its promises stay open. */
  private async call<T>(effect: () => T): Promise<T> {
    this.calls += 1;
    const dies = this.crash?.at === this.calls;
    if (dies && !this.crash?.after) return this.die();
    const value = effect();
    if (dies) return this.die();
    return value;
  }

  private die(): Promise<never> {
    this.crash?.died();
    return new Promise(() => undefined);
  }

  private lvm(argv: readonly string[]): void {
    const [command, ...words] = argv;
    const of = (flag: string): string[] =>
      words.flatMap((word, at) => (word === flag ? [words[at + 1] ?? ""] : []));
    const target = this.named(words.at(-1)?.split("/").at(-1) ?? "");
    switch (command) {
      case "lvchange":
        if (!target) throw new Error(`no volume for ${argv.join(" ")}`);
        target.tags = [...target.tags.filter(tag => !of("--deltag").includes(tag)), ...of("--addtag")];
        if (words.includes("--activate")) target.active = true;
        return;
      case "lvrename": {
        const [from = "", to = ""] = words.slice(-2);
        const volume = this.named(from);
        if (!volume || this.named(to)) throw new Error(`can't rename ${from} to ${to}`);
        volume.name = to;
        for (const other of this.volumes) if (other.origin === from) other.origin = to;
        return;
      }
      case "lvcreate": {
        const [name = ""] = of("--name");
        if (!target || this.named(name)) throw new Error(`can't make ${name}`);
        const { data, sizeBytes } = target;
        this.add({ name, origin: target.name, tags: of("--addtag"), data, sizeBytes });
        return;
      }
      case "lvextend":
        if (target) target.sizeBytes = Number(of("--size")[0]?.replace("b", ""));
        return;
      case "lvremove":
        if (!target || target.open) throw new Error(`can't remove ${words.at(-1)}`);
        this.volumes.splice(this.volumes.indexOf(target), 1);
        return;
      default:
        throw new Error(`unknown: ${argv.join(" ")}`);
    }
  }

  private get(path: string): unknown {
    if (this.apiAway) throw new Error("connect ECONNREFUSED");
    const volume = this.named(live);
    const running = this.replicas > 0 && volume !== undefined;
    const names = Array.from({ length: this.replicas }, (_, index) => `web-${index}`);
    const reference = (kind: string, name: string) => [{ kind, name, controller: true }];
    if (path.endsWith("/persistentvolumes")) {
      const csi = { volumeHandle: `lab/pve/data/${live}` };
      const spec = { csi, claimRef: { namespace: "shop", name: "data" } };
      return { items: [{ metadata: { name: "pv-a" }, spec }] };
    }
    if (path.endsWith("/pods")) {
      const volumes = [{ name: "d", persistentVolumeClaim: { claimName: "data" } }];
      const metadata = { namespace: "shop", ownerReferences: reference("ReplicaSet", "web-1") };
      return {
        items: names.map(name => ({ metadata: { ...metadata, name }, spec: { volumes }, status: {} })),
      };
    }
    if (path.endsWith("/replicasets/web-1"))
      return { metadata: { ownerReferences: reference("Deployment", "web") } };
    if (path.endsWith("/deployments/web"))
      return {
        metadata: {},
        spec: { replicas: this.replicas },
        status: { readyReplicas: running ? this.replicas : 0 },
      };
    if (path.endsWith("/volumeattachments")) {
      const spec = { nodeName: "node-1", source: { persistentVolumeName: "pv-a" } };
      return { items: running || this.stuck ? [{ spec }] : [] };
    }
    throw new ApiRefusal(404, `${path} not found`);
  }

  private patch(path: string, body: object): unknown {
    if (this.apiAway) throw new Error("connect ECONNREFUSED");
    if (!path.endsWith("/deployments/web/scale")) throw new ApiRefusal(403, `${path} is forbidden`);
    this.replicas = (body as { spec: { replicas: number } }).spec.replicas;
    const volume = this.named(live);
    if (!volume) return {};
    volume.open = this.replicas > 0;
    if (volume.open) volume.data += ", written by pods";
    return {};
  }
}
