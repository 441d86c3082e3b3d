import * as fc from "fast-check";
import { mustOnHost, onHost } from "../../lab/hosts";
import { actAtRandom, patienceMs } from "../random-actions";
import { backupConfig, generation, installOnCleanHost, week } from "./support/backup";
import { changeVolume, leaks, makeVolume } from "./support/thin-volumes";
import { host, installUnit, stateDir, type Unit } from "./support/unit";

/**
 * Random nights against a model: what is written, snapshotted, copied, pruned, restored, and what is cut short by kill -9.
 * `npm run test:random` goes on with further ones.
 */
const usualActions = 12;

jest.setTimeout(patienceMs(usualActions * 120_000 + 600_000));

const names = ["vm-2-pvc-one", "vm-2-pvc-two"] as const;

/** What a volume holds is one number, in several files that were written together. */
interface Model {
  now: number;
  /** The number in each snapshot that there ever was, by its name. */
  readonly snapshots: Map<string, number>;
}

type Action =
  | { readonly kind: "write" | "restore"; readonly volume: number }
  | { readonly kind: "snapshot" | "backup" | "prune" }
  | { readonly kind: "crash"; readonly job: "snapshot" | "backup"; readonly afterMs: number };

const anAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), volume: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("snapshot" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("backup" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("prune" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore" as const), volume: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      job: fc.constantFrom("snapshot" as const, "backup" as const),
      afterMs: fc.integer({ min: 0, max: 20_000 }),
    }),
  },
);

let backup: Unit;
let snapshots: Unit;
const models: Model[] = names.map(() => ({ now: 0, snapshots: new Map() }));

beforeAll(async () => {
  backup = await installOnCleanHost();
  snapshots = await installUnit("lvm-pvc-snapshot", "lvm_snapshot");
  await mustOnHost(host, `rm -rf ${stateDir("lvm-pvc-snapshot")}`);
  const { volumes } = backupConfig();
  await backup.configure(backupConfig({ volumes: { ...volumes, pattern: "vm-2-pvc-*", luksKeys: [] } }));
  await snapshots.configure({
    ...{ vg: "pve", pool: "data", pattern: "vm-2-pvc-*", excludeNamespaces: [] },
    keep: { kind: "tiers", tiers: [{ every: "run", count: 3 }] },
    restoresTextfile: `${stateDir("lvm-pvc-snapshot")}-restores.prom`,
    guard: {
      thinOut: { dataPercent: 85, metadataPercent: 80 },
      decline: { dataPercent: 95, metadataPercent: 90 },
    },
  });
  for (const name of names)
    await makeVolume(name, {
      sizeMib: 64,
      make: device => `mke2fs -q -t ext4 -E nodiscard ${device}`,
      fill: writing(0),
    });
});

test("keeps every promise of the model", async () => {
  await actAtRandom(anAction, usualActions, async action => {
    await act(action);
    await judge();
  });
});

/** Shell commands that write a number in four files. */
function writing(value: number): string {
  return `for f in a b c d; do echo ${value} >$f; done; head -c ${4096 + value} /dev/urandom >noise`;
}

async function act(action: Action): Promise<void> {
  switch (action.kind) {
    case "write": {
      const model = modelOf(action.volume);
      model.now += 1;
      return changeVolume(nameAt(action.volume), writing(model.now));
    }
    case "snapshot": {
      expect(await snapshots.run()).toMatchObject({ status: 0 });
      return;
    }
    case "backup": {
      const newest = await Promise.all(names.map(newestSnapshot));
      expect(await backup.run()).toMatchObject({ status: newest.includes(undefined) ? 1 : 0 });
      for (const [index, name] of newest.entries())
        if (name !== undefined) expect(await copyOf(index)).toEqual([modelOf(index).snapshots.get(name)]);
      return;
    }
    case "prune": {
      expect((await snapshots.byHand("prune")).exitCode).toBe(0);
      return;
    }
    case "restore": {
      const newest = await newestSnapshot(nameAt(action.volume));
      if (newest === undefined) return;
      const words = ["restore", nameAt(action.volume), newest, "--no-workload"];
      const { exitCode, stdout } = await snapshots.byHand(...words);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
      const model = modelOf(action.volume);
      model.now = model.snapshots.get(newest) ?? model.now;
      return;
    }
    case "crash": {
      const unit = action.job === "backup" ? backup : snapshots;
      await unit.start();
      await mustOnHost(host, `sleep ${(action.afterMs / 1000).toFixed(1)}`);
      await onHost(host, `systemctl kill --kill-whom=main --signal=KILL ${unit.job}.service`);
      await unit.ended();
      return;
    }
    default:
      return action satisfies never;
  }
}

/** Holds after each action, also after one that was cut short. */
async function judge(): Promise<void> {
  expect(await leaks()).toBe("");
  for (const [index, model] of models.entries()) {
    const newest = await newestSnapshot(nameAt(index));
    if (newest !== undefined && !model.snapshots.has(newest)) model.snapshots.set(newest, model.now);
    // Once there was one, the newest stays.
    expect(newest === undefined && model.snapshots.size > 0).toBe(false);
    const copy = await copyOf(index);
    // A copy is of one snapshot, whole.
    expect(copy.length).toBeLessThanOrEqual(1);
    if (copy.length > 0) expect([...model.snapshots.values()]).toContain(copy[0]);
  }
}

/** The numbers that a volume's newest generation holds: one, or none without a generation. */
async function copyOf(index: number): Promise<number[]> {
  const folder = generation(await week(), nameAt(index));
  const { stdout } = await onHost(host, `cd ${folder} 2>/dev/null && cat a b c d`);
  return [...new Set(stdout.split("\n").filter(line => line !== ""))].map(Number);
}

async function newestSnapshot(name: string): Promise<string | undefined> {
  const { stdout } = await onHost(
    host,
    `lvs --noheadings -o lv_name -O thin_id -S 'tags=holdfast.origin=${name}' pve`,
  );
  return stdout
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "")
    .at(-1);
}

function modelOf(index: number): Model {
  const model = models[index];
  if (!model) throw new Error(`no volume ${index}`);
  return model;
}

function nameAt(index: number): string {
  return names[index] ?? "";
}
