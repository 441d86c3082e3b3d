import { mustOnHost, powerCut, startHosts } from "../../lab/hosts";
import {
  all,
  backupConfig,
  backupDisk,
  differences,
  generation,
  installOnCleanHost,
  makeVolumes,
  plain,
  week,
} from "../volumes/support/backup";
import { endedSteps } from "../ends";
import { changeVolume, leaks, snapshot } from "../volumes/support/thin-volumes";
import { gate, host, openGates, type Unit } from "../volumes/support/unit";

jest.setTimeout(2_700_000);

let unit: Unit;

beforeAll(async () => {
  unit = await installOnCleanHost();
  await makeVolumes();
  await unit.configure(backupConfig());
  await change();
  expect(await unit.run()).toMatchObject({ status: 0 });
});

afterEach(openGates);

/** Where a run is held, in the order in which it comes there. */
const steps = [
  { step: "verify", program: "findmnt", when: "before", words: "*" },
  { step: "recover", program: "dmsetup", when: "before", words: "ls*" },
  { step: "discover", program: "lvs", when: "after", words: "*" },
  {
    step: "metadata snapshot asked for",
    program: "dmsetup",
    when: "after",
    words: "*reserve_metadata_snap*",
  },
  { step: "compare", program: "thin_delta", when: "before", words: "*" },
  { step: "scratch snapshot made", program: "lvcreate", when: "after", words: "*" },
  { step: "mapper open", program: "cryptsetup", when: "after", words: "open*", of: "one volume" },
  { step: "mounted", program: "mount", when: "after", words: "*" },
  { step: "comparing files", program: "rsync", when: "before", words: "*--dry-run*" },
  { step: "linking", program: "cp", when: "before", words: "*" },
  { step: "copying", program: "rsync", when: "before", words: "*/.part/*" },
  { step: "database", program: "unshare", when: "before", words: "*", of: "one volume" },
  { step: "on its way to disk", program: "perl", when: "before", words: "*syncfs*" },
  { step: "exchanged", program: "perl", when: "after", words: "*EEXIST*" },
  { step: "prune", program: "ionice", when: "before", words: "*" },
] as const satisfies readonly Step[];

interface Step {
  readonly step: string;
  readonly program: string;
  readonly when: "before" | "after";
  readonly words: string;
  /** A run before may have finished that volume, and left the other one. */
  readonly of?: "one volume";
}

/** Another volume is copied before it, or most of one. */
function isLate({ step }: Step): boolean {
  const names = steps.map(({ step: name }): string => name);
  return names.indexOf(step) >= names.indexOf("comparing files");
}

let round = 0;

/** Each volume changes, so that each step comes: the locked one too, through its own mapper. */
async function change(): Promise<void> {
  round += 1;
  await changeVolume(
    plain,
    `echo ${round} >first-round; echo ${round} >round; sqlite3 store 'INSERT INTO t VALUES(${round})'`,
  );
  await mustOnHost(
    host,
    `set -e; cryptsetup open --key-file /opt/volumes-test/credentials/luks /dev/pve/${all[2]} making
mount /dev/mapper/making /run/volume; echo ${round} >/run/volume/round; umount /run/volume; cryptsetup close making`,
  );
  await snapshot([plain, all[2]]);
}

let visible = 0;

/** What is visible is one whole generation, and never an older one than before. */
async function wholeGeneration(): Promise<void> {
  const folder = generation(await week(), plain);
  const rounds = (await mustOnHost(host, `cd ${folder}; cat first-round round`))
    .trim()
    .split("\n")
    .map(Number);
  expect(rounds).toEqual([rounds[1], rounds[0]]);
  const [seen = -1] = rounds;
  expect(seen).toBeGreaterThanOrEqual(visible);
  expect(seen).toBeLessThanOrEqual(round);
  visible = seen;
  expect(await mustOnHost(host, `cat ${folder}/guarded`)).toBe("acl\n");
}

async function converges(): Promise<void> {
  await openGates();
  const { status, output } = await unit.run();
  expect(output).toContain("have a good copy");
  expect(status).toBe(0);
  expect(await leaks()).toBe("");
  expect(await differences(plain, generation(await week(), plain))).toBe("");
  expect(
    await mustOnHost(
      host,
      `ls -A ${backupDisk}/pvc-data/.part ${backupDisk}/pvc-data/.trash | grep -v : || :`,
    ),
  ).toMatch(/^\s*$/);
}

test("what changed before these crashes", change);

// A run that is cut short leaves its work to the next one, which comes one step further.
test.each<Step>(endedSteps(steps, 0, 4))(
  "kill -9 at step $step: reported from outside, nothing leaks",
  async at => {
    if (at.of) await change();
    const before = await unit.metrics();
    const reached = await gate(at.program, at.when, at.words);
    await unit.start();
    await reached(unit);
    await unit.kill("KILL");
    expect(await unit.ended()).toMatchObject({ status: 9 });
    expect(await unit.metrics()).toMatchObject({
      last_status: 137,
      last_success_timestamp: before["last_success_timestamp"],
    });
    expect(await leaks()).toBe("");
    await wholeGeneration();
  },
);

test("after all of these, one run converges", async () => {
  await converges();
  await change();
});

test.each<Step>(endedSteps(steps, 1, 4))(
  "SIGTERM at step $step: reported by the run itself, nothing leaks",
  async at => {
    if (at.of) await change();
    const reached = await gate(at.program, at.when, at.words);
    await unit.start();
    await reached(unit);
    await unit.kill("TERM");
    // A command that changes the pool is never cut short: it ends by itself.
    await openGates();
    expect(await unit.ended()).toMatchObject({ status: 143 });
    expect((await unit.metrics())["last_status"]).toBe(143);
    expect(await leaks()).toBe("");
    await wholeGeneration();
  },
);

test("after all of these, one run converges", async () => {
  await converges();
  await change();
});

test.each<Step>(endedSteps(steps, 2, 4))(
  "the budget ends at step $step: reported as a failure, nothing leaks",
  async at => {
    if (at.of) await change();
    // What runs before have left goes at the beginning of the next one, by the same program and in a part of its budget.
    if (at.step === "prune") {
      await converges();
      await change();
    }
    // All that comes before the step has to fit in, on a slow machine too.
    const budgetS = isLate(at) ? 60 : 15;
    await unit.configure(backupConfig({ budgetMs: budgetS * 1000 }));
    const reached = await gate(at.program, at.when, at.words);
    await unit.start();
    await reached(unit);
    await unit.says(`its budget of ${budgetS} s is used up: stopping`);
    // A command that changes the pool is never cut short: it ends by itself.
    await openGates();
    const { status, output } = await unit.ended();
    expect(output).toMatch(new RegExp(`stopped in phase [\\w-]+: its budget of ${budgetS} s is used up`));
    expect(status).toBe(124);
    expect(await leaks()).toBe("");
    await wholeGeneration();
    await unit.configure(backupConfig());
  },
);

test("a volume that hangs makes room for the others, and is named", async () => {
  await change();
  // The other one has to be copied in it, for which a slow machine needed more than six.
  await unit.configure(backupConfig({ volumes: { ...backupConfig().volumes, volumeBudgetMs: 30_000 } }));
  await gate("cryptsetup", "before", "open*");
  const { status, output } = await unit.run();
  expect(output).toContain("it was stopped after 30 s, so that the others have their turn");
  expect(output).toContain(`${plain} is copied`);
  // Its second try finds the gate open.
  expect(status).toBe(0);
  expect(await leaks()).toBe("");
  await unit.configure(backupConfig());
});

test.each<Step>(endedSteps(steps, 3, 4))("a power cut at step $step leaves a whole generation", async at => {
  await change();
  const reached = await gate(at.program, at.when, at.words);
  await unit.start();
  await reached(unit);
  await powerCut(host);
  await startHosts({ only: [host], say: () => undefined });
  await openGates();
  await wholeGeneration();
});

test("after all of these, one run removes what was left, and converges", converges);
