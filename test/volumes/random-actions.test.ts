import * as fc from "fast-check";
import { mustOnHost, onHost } from "../../lab/hosts";
import { long } from "../long";
import { actAtRandom, patienceMs } from "../random-actions";
import {
  backupConfig,
  backupDisk,
  generation,
  installOnCleanHost,
  killInRsync,
  week,
} from "./support/backup";
import { placesOf } from "./support/restored";
import { createRottingCopies, type RottingCopies } from "./support/rotting-copies";
import { changeVolume, leaks, makeVolume } from "./support/thin-volumes";
import { host, type Ended, installUnit, stateDir, type Unit } from "./support/unit";

/**
 * Random nights against a model, which says after each action what may be lost: what is written, emptied, snapshotted, copied,
 * pruned, restored from snapshots and from copies, and what is cut short by kill -9, restores among it, which are then gone on with or taken back; on some
 * nights a database can't be copied, the clock is eight days back, the backup disk is full of what waits in the trash, or a
 * byte of a copy has rotted. `npm run test:random` goes on with further ones.
 */
const usualActions = long ? 16 : 5;

jest.setTimeout(patienceMs(usualActions * 120_000 + 600_000));

const names = ["vm-2-pvc-one", "vm-2-pvc-two"] as const;

/** What a volume holds: a number, in several files that were written together and in a database; or nothing at all. */
interface Content {
  /** "torn" is a part of a copy and a part of what there was before. */
  readonly number: number | "empty" | "torn";
  /** False for a database that SQLite can't read. */
  readonly isSound: boolean;
}

interface Model {
  now: Content;
  /** What each snapshot that there ever was holds, by its name. */
  readonly snapshots: Map<string, Content>;
  /** A restore that was cut short: what it is of. Its workload is down until it has ended, so nothing writes. */
  restoring?: Content | undefined;
  /** Snapshots of before a restore of a copy had ended, of which no night takes one; undefined while there was none. */
  early?: ReadonlySet<string> | undefined;
  /** The last night that went to its end has copied all of it. */
  hasWholeCopy?: boolean;
  /** The numbers that the newest copies of its files and of its database hold. */
  copy?: Content["number"];
  databaseCopy?: number;
}

type Action =
  | { readonly kind: "write" | "collapse" | "spoil" | "rot"; readonly volume: number }
  | {
      readonly kind: "restore";
      readonly volume: number;
      readonly goOn: "--resume" | "--rollback";
      /** When it is killed; undefined to let it end. */
      readonly killedAfterMs: number | undefined;
    }
  | {
      readonly kind: "bring-back";
      readonly volume: number;
      /** When it is killed; undefined to let it end. */
      readonly killed: number | "in rsync" | undefined;
    }
  | { readonly kind: "snapshot" | "backup" | "prune" | "clock-back" | "full-trash" | "scrub" }
  | { readonly kind: "crash"; readonly job: "snapshot" | "backup"; readonly afterMs: number };

const ofVolume = <Kind extends string>(weight: number, kind: Kind) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), volume: fc.nat(1) }),
});
const ofHost = <Kind extends string>(weight: number, kind: Kind) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind) }),
});

const anAction: fc.Arbitrary<Action> = fc.oneof(
  ofVolume(5, "write"),
  ofHost(4, "snapshot"),
  ofHost(5, "backup"),
  ofHost(1, "prune"),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("restore" as const),
      volume: fc.nat(1),
      goOn: fc.constantFrom("--resume" as const, "--rollback" as const),
      killedAfterMs: fc.option(fc.integer({ min: 0, max: 6_000 }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("bring-back" as const),
      volume: fc.nat(1),
      killed: fc.option(fc.oneof(fc.integer({ min: 0, max: 6_000 }), fc.constant("in rsync" as const)), {
        nil: undefined,
      }),
    }),
  },
  ofVolume(1, "collapse"),
  ofVolume(1, "spoil"),
  ofHost(1, "clock-back"),
  ofHost(1, "full-trash"),
  ofVolume(1, "rot"),
  ofHost(1, "scrub"),
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
let copies: RottingCopies;
const restoresTextfile = `${stateDir("lvm-pvc-snapshot")}-restores.prom`;
/** A run that ended has told its time, by which the next one knows a clock that went back. */
let hasEnded = false;
const models: Model[] = names.map(() => ({ now: { number: 0, isSound: true }, snapshots: new Map() }));

beforeAll(async () => {
  backup = await installOnCleanHost();
  snapshots = await installUnit("lvm-pvc-snapshot", "lvm_snapshot");
  await mustOnHost(host, `rm -rf ${stateDir("lvm-pvc-snapshot")}`);
  const { volumes } = backupConfig();
  await backup.configure(backupConfig({ volumes: { ...volumes, pattern: "vm-2-pvc-*", luksKeys: [] } }));
  await snapshots.configure({
    ...{ vg: "pve", pool: "data", pattern: "vm-2-pvc-*", excludeNamespaces: [] },
    keep: { kind: "tiers", tiers: [{ every: "run", count: 3 }] },
    restoresTextfile,
    guard: {
      thinOut: { dataPercent: 85, metadataPercent: 80 },
      decline: { dataPercent: 95, metadataPercent: 90 },
    },
  });
  copies = await createRottingCopies(names, "noise");
  for (const name of names)
    await makeVolume(name, {
      sizeMib: 64,
      make: device => `mke2fs -q -t ext4 -E nodiscard ${device}`,
      fill: writing(0),
    });
});

test("keeps every promise of the model", async () => {
  const actAndJudge = async (action: Action): Promise<void> => {
    await act(action);
    await judge();
  };
  await actAtRandom(anAction, usualActions, actAndJudge);
  // However it went, what was cut short can be ended, and what rots then is seen.
  for (const [volume, { restoring }] of models.entries())
    if (restoring) await actAndJudge({ kind: "restore", volume, goOn: "--resume", killedAfterMs: undefined });
  for (const [volume, model] of models.entries())
    if (isTorn(model)) await actAndJudge({ kind: "bring-back", volume, killed: undefined });
  for (const kind of ["snapshot", "backup", "scrub"] as const) await actAndJudge({ kind });
  for (const volume of models.keys()) await actAndJudge({ kind: "rot", volume });
  await actAndJudge({ kind: "scrub" });
});

/** Shell commands that write a number in four files and a database. */
function writing(value: number): string {
  return `for f in a b c d; do echo ${value} >$f; done; head -c ${4096 + value} /dev/urandom >noise
rm -f store; sqlite3 store 'CREATE TABLE t(x); INSERT INTO t VALUES(${value})'`;
}

async function act(action: Action): Promise<void> {
  switch (action.kind) {
    case "write": {
      const model = modelOf(action.volume);
      if (isDown(model)) return;
      const value = (written += 1);
      model.now = { number: value, isSound: true };
      return changeVolume(nameAt(action.volume), writing(value));
    }
    case "collapse":
      if (isDown(modelOf(action.volume))) return;
      modelOf(action.volume).now = { number: "empty", isSound: true };
      return changeVolume(nameAt(action.volume), "rm -f a b c d noise store");
    case "spoil": {
      const model = modelOf(action.volume);
      if (isDown(model)) return;
      if (model.now.number === "empty") return;
      model.now = { ...model.now, isSound: false };
      return changeVolume(nameAt(action.volume), "printf 'SQLite format 3\\0 and no more' >store");
    }
    case "snapshot": {
      const places = await placesOf(names);
      const ended = await snapshots.run();
      expectStatus(ended, places.every(({ isThere }) => isThere) ? 0 : 1);
      const { stdout } = await onHost(host, `cat ${restoresTextfile}`);
      const told = [...stdout.matchAll(/\{volume="([^"]+)"/g)].map(([, name]) => name);
      expect({ ended, told }).toEqual({ ended, told: names.filter((_, index) => models[index]?.restoring) });
      return;
    }
    case "backup":
      return backUp();
    case "clock-back": {
      if (!hasEnded) return;
      await mustOnHost(host, "date -s '-8 days'");
      const ended = await backup.run();
      await mustOnHost(host, "date -s '+8 days'");
      // Its end was told by that clock: such a clock is seen again once a run has ended by the right one.
      hasEnded = false;
      expect(ended).toMatchObject({
        status: 1,
        output: expect.stringContaining("clock went back") as string,
      });
      return;
    }
    case "full-trash": {
      const trash = `${backupDisk}/pvc-data/.trash/full`;
      await mustOnHost(
        host,
        `mkdir -p ${trash}; rm -f ${trash}/ballast; fallocate -l $(($(df --output=avail -B1 ${backupDisk} | tail -1) - 33554432)) ${trash}/ballast`,
      );
      return;
    }
    case "prune": {
      // Like each run, it tells of a volume that a restore has left without a name.
      const isWhole = (await placesOf(names)).every(({ isThere }) => isThere);
      const { exitCode, stdout } = await snapshots.byHand(["prune"]);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: isWhole ? 0 : 1 });
      return;
    }
    case "restore":
      return restore(action);
    case "bring-back":
      return bringBack(action);
    case "rot":
      return copies.rot(nameAt(action.volume));
    case "scrub": {
      const { ended, rotten } = await copies.scrub();
      expectStatus(ended, rotten.length > 0 ? 1 : 0);
      for (const name of rotten) expect(ended.output).toContain(`/unknown/${name}/noise"`);
      return;
    }
    case "crash": {
      const unit = action.job === "backup" ? backup : snapshots;
      if (action.job === "backup") for (const model of models) model.hasWholeCopy = false;
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

/** With all that the run said, where it ended otherwise. */
function expectStatus({ status, output }: Ended, wanted: number): void {
  if (status !== wanted) throw new Error(`ended with ${status} in the place of ${wanted}:\n${output}`);
}

let written = 0;

/** A restore, or what goes on with one that was cut short; it may be cut short itself. */
async function restore({ volume, goOn, killedAfterMs }: Action & { kind: "restore" }): Promise<void> {
  const [model, name] = [modelOf(volume), nameAt(volume)];
  const before = (await placesOf(names))[volume];
  const newest = await newestSnapshot(name);
  // One that is of a time before a copy was brought back has a model of its own, which this is not.
  if (model.early || (newest === undefined && !model.restoring)) return;
  const again = before?.record?.doing === "rollback" ? "--rollback" : goOn;
  const words = ["restore", name, model.restoring ? again : (newest ?? ""), "--no-workload"];
  const { exitCode, stdout } = await snapshots.byHand(words, killedAfterMs);
  if (exitCode !== 137 || killedAfterMs === undefined)
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
  const { record, isOld, isSafe } = (await placesOf(names))[volume] ?? {};
  if (!record || JSON.stringify(record) === JSON.stringify(before?.record)) return;
  const of = model.snapshots.get(record.snapshot.name);
  if (!record.end) {
    expect({ stdout, isSafe }).toEqual({ stdout, isSafe: true });
    model.restoring = of;
    return;
  }
  delete model.restoring;
  if (!isOld && of) model.now = of;
  const kept = `'lv_name=~"^${name}_(before_restore|rolled_back)_"'`;
  await mustOnHost(host, `lvremove -qq -y pve -S ${kept}`);
  await expectHeld(volume, stdout);
}

/** A volume that nothing uses holds what the model says. @param stdout of what was done to it, told where it doesn't */
async function expectHeld(volume: number, stdout: string): Promise<void> {
  const wanted = numbersOf(modelOf(volume).now.number);
  expect({ stdout, holds: await contentOf(nameAt(volume)) }).toEqual({ stdout, holds: wanted });
}

const isTorn = ({ now }: Model): boolean => now.number === "torn";
/** Its workload is down until a restore has ended. */
const isDown = (model: Model): boolean => model.restoring !== undefined || isTorn(model);

/** A restore of the newest copy into its volume; it may be cut short, and then again. */
async function bringBack({ volume, killed }: Action & { kind: "bring-back" }): Promise<void> {
  const [model, name] = [modelOf(volume), nameAt(volume)];
  if (model.restoring || typeof model.copy !== "number" || !(model.hasWholeCopy || isTorn(model))) return;
  const before = await recordOf(name);
  if (killed === "in rsync") await killInRsync("d");
  const words = ["restore", `unknown/${name}`];
  const { exitCode, stdout } = await backup.byHand(words, typeof killed === "number" ? killed : undefined);
  const isCut = killed === "in rsync" || (killed !== undefined && exitCode === 137);
  expect({ exitCode, stdout }).toMatchObject({ exitCode: isCut ? 137 : 0 });
  const record = await recordOf(name);
  const { stdout: unfinished } = await backup.byHand(["--unfinished"]);
  expect({ unfinished, isTold: unfinished.includes(name) }).toMatchObject({
    isTold: record !== undefined && record.earlier === undefined,
  });
  if (record === undefined || JSON.stringify(record) === JSON.stringify(before)) {
    // What isn't noted as begun has changed nothing.
    if (!isTorn(model)) await expectHeld(volume, stdout);
    return;
  }
  model.early = new Set(model.snapshots.keys());
  if (!record.earlier) {
    model.now = { number: "torn", isSound: false };
    return;
  }
  model.now = { number: model.copy, isSound: true };
  await expectHeld(volume, stdout);
  await mustOnHost(
    host,
    `lvremove -qq -y pve -S 'tags=holdfast.before-restore && tags=holdfast.origin=${name}'`,
  );
}

/** What is noted of the last restore of a copy into a volume; undefined once it says nothing any more. */
async function recordOf(name: string): Promise<{ readonly earlier?: readonly string[] } | undefined> {
  const { stdout } = await onHost(
    host,
    `cat ${stateDir("daily-backup")}/volume-restores/${name}.json 2>/dev/null`,
  );
  return stdout === "" ? undefined : (JSON.parse(stdout) as { earlier?: string[] });
}

/** Shell commands that show the numbers in the four files of a folder, and a word that is none where it has only some of them. */
const showNumbers = `cat a b c d 2>/dev/null; n=0; for f in a b c d; do [ ! -e $f ] || n=$((n+1)); done; case $n in 0|4) ;; *) echo incomplete ;; esac`;

const numbersIn = (shown: string): number[] =>
  [...new Set(shown.split("\n").filter(line => line !== ""))].map(Number);

/** The numbers in the files of a volume that nothing uses. */
async function contentOf(name: string): Promise<number[]> {
  const shown = await mustOnHost(
    host,
    `mkdir -p /run/volume; mount -o ro /dev/pve/${name} /run/volume; cd /run/volume; ${showNumbers}; cd /; umount /run/volume`,
  );
  return numbersIn(shown);
}

/** A night that nothing cuts short: each volume has a new copy, or is named as one that has none and keeps what it had. */
async function backUp(): Promise<void> {
  const newest = await Promise.all(names.map(newestSnapshot));
  const places = await placesOf(names);
  const before = models.map(({ copy, databaseCopy }) => ({ copy, databaseCopy }));
  const ended = await backup.run();
  hasEnded = true;
  const isGood = models.map((model, index) => {
    const snapshot = newest[index];
    const content = snapshot === undefined ? undefined : model.snapshots.get(snapshot);
    model.hasWholeCopy = false;
    if (!content || snapshot === undefined) return false;
    // A snapshot of what is torn is of before the restore's end.
    if (content.number === "torn" || isTorn(model) || model.early?.has(snapshot)) return false;
    delete model.early;
    const had = before[index]?.copy;
    if (content.number === "empty" && typeof had === "number") return false;
    model.copy = content.number;
    if (content.isSound && content.number !== "empty") model.databaseCopy = content.number;
    model.hasWholeCopy = content.isSound && typeof content.number === "number";
    return content.isSound && places[index]?.isThere === true;
  });
  expectStatus(ended, isGood.every(Boolean) ? 0 : 1);
  for (const [index, model] of models.entries()) {
    expect({ ended, copy: await copyOf(index) }).toEqual({ ended, copy: numbersOf(model.copy) });
    expect({ ended, database: await databaseCopyOf(index) }).toEqual({ ended, database: model.databaseCopy });
  }
}

const numbersOf = (copy: Model["copy"]): number[] => (typeof copy === "number" ? [copy] : []);

/** Holds after each action, also after one that was cut short. */
async function judge(): Promise<void> {
  expect(await leaks()).toBe("");
  const places = await placesOf(names);
  for (const [index, model] of models.entries()) {
    const newest = await newestSnapshot(nameAt(index));
    const inPlace = model.restoring && places[index]?.isOld === false ? model.restoring : model.now;
    if (newest !== undefined && !model.snapshots.has(newest)) model.snapshots.set(newest, inPlace);
    if (model.restoring) expect(places[index]).toMatchObject({ isSafe: true });
    // Once there was one, the newest stays.
    expect(newest === undefined && model.snapshots.size > 0).toBe(false);
    const copy = await copyOf(index);
    // A copy is of one snapshot, whole; a run that was killed may have made a newer one than the last that ended.
    expect(copy.length).toBeLessThanOrEqual(1);
    const held = [...model.snapshots.values()].map(({ number }) => number);
    if (copy.length > 0) expect(held).toContain(copy[0]);
    if (isTorn(model)) expect(copy).toEqual(numbersOf(model.copy));
    // A volume that was emptied takes no copy's place.
    expect(copy.length === 0 && typeof model.copy === "number").toBe(false);
    if (copy[0] !== undefined) model.copy = copy[0];
    const database = await databaseCopyOf(index);
    expect(database === undefined && model.databaseCopy !== undefined).toBe(false);
    if (database !== undefined) model.databaseCopy = database;
  }
}

/** The numbers that a volume's newest generation holds: one, or none without a generation. */
async function copyOf(index: number): Promise<number[]> {
  const folder = generation(await week(), nameAt(index));
  const { stdout } = await onHost(host, `cd ${folder} 2>/dev/null && ${showNumbers}`);
  return numbersIn(stdout);
}

async function databaseCopyOf(index: number): Promise<number | undefined> {
  const copy = `${backupDisk}/sqlite-backup/${await week()}/unknown/${nameAt(index)}/store`;
  const { stdout } = await onHost(host, `sqlite3 'file:${copy}?immutable=1' 'SELECT x FROM t' 2>/dev/null`);
  return stdout === "" ? undefined : Number(stdout);
}

async function newestSnapshot(name: string): Promise<string | undefined> {
  const { stdout } = await onHost(
    host,
    `lvs --noheadings -o lv_name -O thin_id -S 'tags=holdfast.lvm-pvc-snapshot && lv_name=~"^${name}_snap_"' pve`,
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
