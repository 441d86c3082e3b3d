import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa, execaSync } from "execa";
import { unsealed } from "../../host-scripts/runtime/journal-seal";
import { periodOf } from "../../plan/contracts/period";
import type { PfsenseBackupConfig } from "../../plan/contracts/pfsense-backup";
import type { Faults } from "../../lab/servers/firewall";
import { endedSteps } from "../ends";
import { inTime, testLong } from "../long";
import { confessed, confession } from "./support/parser";
import { createFirewallWorld, type FirewallWorld } from "./support/firewall-world";
import { noonZone } from "./support/noon";

let world: FirewallWorld;
const week = periodOf(Date.now(), "week", noonZone);

beforeAll(async () => {
  world = await createFirewallWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.firewall.switchFaults({ api: "none", tar: "none" });
  world.unshadow();
  world.writeConfig({});
  rmSync(world.generations, { recursive: true, force: true });
  rmSync(world.config.stateDir, { recursive: true, force: true });
  rmSync(world.config.textfile, { force: true });
});

const visible = (): string[] =>
  existsSync(world.generations) ? readdirSync(world.generations).filter(name => !name.startsWith(".")) : [];
/** What a generation consists of. */
const whole = ["SHA256SUMS", "config.xml", "full.tar.gz"];
const kept = (name: string): string => join(world.generations, week, name);

/** All that a good run leaves. Made once, and put back where another test begins with it. */
async function goodRun(): Promise<void> {
  const { stateDir, textfile } = world.config;
  const left = { generations: world.generations, state: stateDir, textfile };
  const aside = (name: string): string => join(world.folder, "good", name);
  if (existsSync(aside("state"))) {
    for (const [name, path] of Object.entries(left))
      cpSync(aside(name), path, { recursive: true, preserveTimestamps: true });
    return;
  }
  expect(await world.start().finished).toMatchObject({ status: 0 });
  for (const [name, path] of Object.entries(left))
    cpSync(path, aside(name), { recursive: true, preserveTimestamps: true });
}

/** Nothing of a run that failed is left to be taken for a backup. */
function nothingHalfMade(): void {
  const parts = join(world.generations, ".part");
  expect(existsSync(parts) ? readdirSync(parts) : []).toEqual([]);
}

test("a backup disk that is mounted with dev gets nothing, nor does a release of it go live", async () => {
  const { path } = world.config.target;
  const entries = () => world.inside("find", path, "-printf", "%P %s %T@ %m\\n");
  const before = await entries();
  await world.inside("mount", "-o", "remount,dev", path);
  for (const words of [[], ["--check-config"], ["--dry-run"]]) {
    const { status, stdout } = await world.start(words).finished;
    expect([words, status, stdout]).toEqual([words, 3, expect.stringContaining("is mounted without nodev")]);
  }
  await world.inside("mount", "-o", "remount,nodev", path);
  expect(await entries()).toBe(before);
});

test("a link that a stranger put in the place of its folder leads a run nowhere", async () => {
  const { target, folder } = world.config;
  const elsewhere = join(world.folder, "elsewhere");
  mkdirSync(elsewhere, { mode: 0o755 });
  await world.inside("ln", "-s", elsewhere, join(target.path, folder));
  const { status, stdout } = await world.start().finished;
  await world.inside("rm", "-f", join(target.path, folder));
  expect([status, stdout]).toEqual([
    3,
    expect.stringMatching(
      /\/dst\/pfsense" is no folder, but a link or a file.*\n.*Kept: .*\n.*Next: ls -ld .*pfsense /,
    ),
  ]);
  expect([readdirSync(elsewhere), lstatSync(elsewhere).mode & 0o777]).toEqual([[], 0o755]);
});

test("all that lies above a generation is closed to all but root", async () => {
  const access = async (path: string): Promise<string> => world.inside("stat", "--format", "%u %a", path);
  const { target, folder } = world.config;
  await world.inside("chown", "65534", target.path);
  await world.inside("chmod", "0777", target.path);
  expect(await world.start().finished).toMatchObject({ status: 0 });
  for (const path of [".", folder, join(folder, week), join(folder, ".part")])
    expect([path, await access(join(target.path, path))]).toEqual([path, "0 700"]);
  expect(lstatSync(world.config.stateDir).mode & 0o777).toBe(0o700);

  // As an earlier version has left it.
  await world.inside("chmod", "0755", join(target.path, folder));
  expect((await world.start().finished).stdout).toContain('pfsense" to all but root');
  expect(await access(join(target.path, folder))).toBe("0 700");
});

test("keeps config.xml byte by byte and a tar of all paths, readable by root alone, and says so", async () => {
  const { status, stdout } = await world.start().finished;
  expect(stdout).toMatch(/config.xml \(\d+ bytes\) and a tar of \d+ members/);
  expect(status).toBe(0);
  expect(visible()).toEqual([week]);
  expect(readdirSync(join(world.generations, week)).sort()).toEqual(whole);
  for (const name of whole) expect(lstatSync(kept(name)).mode & 0o777).toBe(0o600);
  const original = readFileSync(join(world.firewall.tree, "cf/conf/config.xml"));
  expect(readFileSync(kept("config.xml")).equals(original)).toBe(true);
  execaSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: join(world.generations, week) });
  const members = execaSync("tar", ["-tzf", kept("full.tar.gz")]).stdout.split("\n");
  expect(members).toEqual(
    expect.arrayContaining(["cf/conf/config.xml", "var/db/rrd/system-memory.rrd", "boot/loader.conf"]),
  );
  expect(world.metrics()).toMatchObject({
    last_status: 0,
    bytes: lstatSync(kept("config.xml")).size + lstatSync(kept("full.tar.gz")).size,
  });
  expect(world.pushes.received.at(-1)).toMatchObject({ path: "/metrics/job/pfsense-backup/instance/pve" });
  expect(world.pushes.received.at(-1)?.body).toContain("backup_last_success_timestamp ");
  const segment = readdirSync(join(world.config.stateDir, "journal")).sort();
  expect(unsealed(readFileSync(join(world.config.stateDir, "journal", segment[0] ?? ""), "latin1"))).toBe(
    `pfsense/.incomplete/${week}\0pfsense/${week}\0pfsense/.incomplete/${week}\0\0`,
  );
});

test("speaks version 2 of the REST API package with a key of one word", async () => {
  const file = join(world.folder, "credentials", "api");
  const before = readFileSync(file);
  writeFileSync(file, world.firewall.apiKeyV2);
  const { status } = await world.start().finished;
  writeFileSync(file, before);
  expect(status).toBe(0);
  expect(existsSync(kept("config.xml"))).toBe(true);
});

interface Refused {
  readonly what: string;
  readonly faults?: Partial<Faults>;
  readonly config?: (config: PfsenseBackupConfig) => Partial<PfsenseBackupConfig>;
  readonly says: RegExp;
}

const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const refused: readonly Refused[] = [
  { what: "a login page", faults: { api: "html" }, says: /no JSON but text\/html/ },
  {
    what: "another certificate than the pinned one",
    config: ({ api }) => ({ api: { ...api, certificateSha256: "AA:BB" } }),
    says: /pinned is AA:BB; the key was not sent/,
  },
  {
    what: "a wrong API key",
    config: ({ api }) => ({ api: { ...api, key: "wrong" } }),
    says: /HTTP status 401: it refuses the key/,
  },
  {
    what: "another host key than the pinned one",
    config: ({ ssh }) => ({ ssh: { ...ssh, hostKey: otherKey } }),
    says: /ssh to root@127.0.0.1:\d+ failed: its host key isn't the pinned one/,
  },
  {
    what: "a tar that is cut off",
    faults: { tar: "cut" },
    config: ({ atLeastBytes }) => ({ atLeastBytes: { ...atLeastBytes, tar: 1 } }),
    says: /can't be read back: .*(end of file|EOF)/,
  },
  {
    what: "a tar without the configuration",
    faults: { tar: "lacks-members" },
    says: /tar lacks "cf", "boot\/loader.conf", "cf\/conf\/config.xml"/,
  },
  {
    what: "a config.xml that is cut off",
    faults: { api: "truncated-xml" },
    says: /no whole configuration: line \d+|expected at least/,
  },
  {
    what: "an API that stalls",
    faults: { api: "stall" },
    config: () => ({ stallMs: 2_000 }),
    says: /no byte of an answer within 2 s/,
  },
  {
    what: "an API that drips for ever",
    faults: { api: "drip" },
    config: () => ({ budgetMs: 5_000 }),
    says: /its budget of 5 s is used up/,
  },
  {
    what: "a shell that has no openssl",
    faults: { api: "shell-error" },
    says: /its shell said "sh: openssl: not found"/,
  },
  {
    what: "an empty config.xml",
    faults: { api: "no-config" },
    says: /config.xml has 0 bytes, expected at least 1000/,
  },
  {
    what: "a config.xml below the floor",
    config: ({ atLeastBytes }) => ({ atLeastBytes: { ...atLeastBytes, config: 1_000_000 } }),
    says: /expected at least 1000000/,
  },
  {
    what: "a certificate that nobody has signed, and none pinned",
    config: ({ api: { url, key } }) => ({ api: { url, key } }),
    says: /DEPTH_ZERO_SELF_SIGNED_CERT/,
  },
  {
    what: "an API that isn't there",
    config: ({ api }) => ({ api: { ...api, url: "https://127.0.0.1:1" } }),
    says: /ECONNREFUSED/,
  },
  {
    what: "an ssh that isn't there",
    config: ({ ssh }) => ({ ssh: { ...ssh, port: 1 } }),
    says: /Connection refused/,
  },
  {
    what: "a tar that stalls",
    faults: { tar: "stall" },
    config: () => ({ stallMs: 2_000 }),
    says: /without a byte for 2 s/,
  },
  {
    what: "a tar that can't read everything",
    faults: { tar: "fails" },
    says: /tar ended with 1 there: .*Permission denied/,
  },
  {
    what: "a path that the firewall hasn't",
    config: ({ paths }) => ({ paths: [...paths, "/no where's"] }),
    says: /tar lacks "no where's"/,
  },
  {
    what: "a tar below the floor",
    config: ({ atLeastBytes }) => ({ atLeastBytes: { ...atLeastBytes, tar: 1_000_000 } }),
    says: /tar has \d+ bytes, expected at least 1000000/,
  },
];

// The first of them in `npm test`: of each kind one, and whatever would take a copy from another machine.
test.each(inTime(6, refused))(
  "$what: the run fails, neither half is kept, the earlier generation stays",
  async ({ faults = {}, config, says }) => {
    await goodRun();
    const inode = lstatSync(join(world.generations, week)).ino;
    const success = world.metrics()["last_success_timestamp"];
    world.firewall.switchFaults(faults);
    if (config) world.writeConfig(config(world.config));
    const pushes = world.pushes.received.length;

    const { status, stdout } = await world.start().finished;
    expect(stdout).toMatch(says);
    expect(status).toBeGreaterThan(0);
    expect(visible()).toEqual([week]);
    expect(lstatSync(join(world.generations, week)).ino).toBe(inode);
    nothingHalfMade();
    expect(world.metrics()).toMatchObject({ last_status: status, last_success_timestamp: success });
    expect(world.pushes.received).toHaveLength(pushes + 1);
    for (const secret of [world.firewall.apiKey, ...world.firewall.apiKey.split(" "), "bcrypt-hash"])
      expect(stdout).not.toContain(secret);
  },
);

test("a firewall at its factory settings: the week's generation stays until somebody accepts it", async () => {
  const file = join(world.firewall.tree, "cf/conf/config.xml");
  const original = readFileSync(file);
  const rules = Array.from({ length: 4_000 }, (_, n) => `<rule><descr>rule ${n}</descr></rule>`).join("\n");
  writeFileSync(file, original.toString().replace("</pfsense>", `<filter>${rules}</filter>\n</pfsense>`));
  expect(await world.start().finished).toMatchObject({ status: 0 });
  const { size } = lstatSync(kept("config.xml"));
  writeFileSync(file, original);
  const { status, stdout } = await world.start().finished;
  expect([stdout, status]).toEqual([expect.stringContaining("is it at its factory settings?"), 1]);
  expect(stdout).toMatch(
    new RegExp(`Next: ls -la \\S+/pfsense/${week} {3}\\(.* unshare .* pfsense-backup --accept=pfsense\\)`),
  );
  expect(lstatSync(kept("config.xml")).size).toBe(size);
  nothingHalfMade();
  expect(await world.start(["--accept=other"]).finished).toMatchObject({ status: 3 });
  const accepted = await world.start(["--accept=pfsense"]).finished;
  expect([accepted.stdout, accepted.status]).toEqual([expect.stringContaining("which is accepted"), 0]);
  expect(readFileSync(kept("config.xml")).equals(original)).toBe(true);
});

describe("a firewall of which one file is no good", () => {
  const original = (): Buffer => readFileSync(join(world.firewall.tree, "cf/conf/config.xml"));
  const incomplete = (...names: readonly string[]): string =>
    join(world.generations, ".incomplete", ...names);

  test("every night's config.xml is kept in a generation that says what it lacks, and the run fails", async () => {
    await goodRun();
    const [inode, before] = [lstatSync(kept(".")).ino, original()];
    world.firewall.switchFaults({ tar: "lacks-members" });
    for (const description of ["first night", "second night", "third night"]) {
      const file = join(world.firewall.tree, "cf/conf/config.xml");
      writeFileSync(file, before.toString().replace("</pfsense>", `<!-- ${description} --></pfsense>`));
      const { status, stdout } = await world.start().finished;
      expect(status).toBe(1);
      expect(stdout).toContain(
        `Tonight's config.xml is good, and in ${join(world.config.target.path, "pfsense/.incomplete")}; the earlier generations are whole.`,
      );
      expect(readdirSync(incomplete(week))).toEqual(["config.xml"]);
      expect(readFileSync(incomplete(week, "config.xml"), "latin1")).toContain(description);
      expect(readFileSync(incomplete(`${week}.lacks.json`), "utf8")).toContain("full.tar.gz");
      expect(lstatSync(kept(".")).ino).toBe(inode);
      const journal = join(world.config.stateDir, "journal");
      const handedOver = readdirSync(journal).map(name => readFileSync(join(journal, name), "utf8"));
      expect(handedOver.join("")).toContain(`pfsense/.incomplete/${week}\0`);
      nothingHalfMade();
      // What this night gave up, and no longer what earlier ones did.
      expect(readdirSync(join(world.generations, ".trash")).length).toBeLessThanOrEqual(2);
      writeFileSync(file, before);
    }
    world.firewall.switchFaults({ tar: "none" });
    expect(await world.start().finished).toMatchObject({ status: 0 });
    expect(existsSync(incomplete())).toBe(false);
    expect(readFileSync(kept("config.xml")).equals(before)).toBe(true);
  });

  test("a smaller tar waits for an answer, and config.xml does not", async () => {
    const large = join(world.firewall.tree, "var/db/large");
    writeFileSync(large, randomBytes(1_000_000));
    expect(await world.start().finished).toMatchObject({ status: 0 });
    const { ino } = lstatSync(kept("."));
    rmSync(large);
    const { status, stdout } = await world.start().finished;
    expect([stdout, status]).toEqual([expect.stringContaining("were files removed from it"), 1]);
    expect(lstatSync(kept(".")).ino).toBe(ino);
    expect(readFileSync(incomplete(week, "config.xml")).equals(original())).toBe(true);
    expect(await world.start(["--accept=pfsense"]).finished).toMatchObject({ status: 0 });
    expect(existsSync(incomplete())).toBe(false);
  });

  test("a run that is ended while it waits for the tar has kept config.xml", async () => {
    world.firewall.switchFaults({ tar: "stall" });
    const run = world.start();
    await run.until(() => phaseNow() === "tar");
    run.kill("SIGKILL");
    await run.finished;
    expect(readFileSync(incomplete(week, "config.xml")).equals(original())).toBe(true);
  });

  test("a tar that is good is kept though the API gives no config.xml, and replaces no config.xml of another night", async () => {
    world.firewall.switchFaults({ api: "html" });
    const { status, stdout } = await world.start().finished;
    expect([stdout, status]).toEqual([expect.stringContaining("Tonight's tar is good, and in"), 1]);
    expect(stdout).toContain("no JSON but text/html");
    expect(readdirSync(incomplete(week))).toEqual(["full.tar.gz"]);
    expect(readFileSync(incomplete(`${week}.lacks.json`), "utf8")).toContain("config.xml");
    nothingHalfMade();
    expect((await world.start(["list"]).finished).stdout).toContain("incomplete: it lacks config.xml");
    world.firewall.switchFaults({ api: "html", tar: "lacks-members" });
    const both = await world.start().finished;
    expect(both.stdout).toMatch(
      /no JSON but text\/html.*; and the firewall's tar lacks .*\n.*No new generation/,
    );
    const { ino } = lstatSync(incomplete(week, "full.tar.gz"));
    world.firewall.switchFaults({ api: "none", tar: "lacks-members" });
    expect(await world.start().finished).toMatchObject({ status: 1 });
    expect(readdirSync(incomplete(week))).toEqual(["config.xml", "full.tar.gz"]);
    expect(lstatSync(incomplete(week, "full.tar.gz")).ino).toBe(ino);
    const into = join(world.folder, "restored-of-both");
    const refused = await world.start(["restore", "--into", into]).finished;
    expect([refused.stdout, refused.status]).toEqual([
      expect.stringContaining("has its files of different nights"),
      3,
    ]);
    expect((await world.start(["verify"]).finished).stdout).toMatch(
      /incomplete: config.xml is whole, full.tar.gz has \d+ members/,
    );
    world.firewall.switchFaults({ api: "none", tar: "none" });
    expect(await world.start().finished).toMatchObject({ status: 0 });
    expect(existsSync(incomplete())).toBe(false);
  });

  // That a week's generation stays is tested above, with both files.
  testLong("a firewall at its factory settings doesn't take the place of what is kept of it", async () => {
    const file = join(world.firewall.tree, "cf/conf/config.xml");
    const small = original();
    const rules = "<rule><descr>a rule</descr></rule>".repeat(4_000);
    writeFileSync(file, small.toString().replace("</pfsense>", `<filter>${rules}</filter></pfsense>`));
    world.firewall.switchFaults({ tar: "lacks-members" });
    await world.start().finished;
    const { size } = lstatSync(incomplete(week, "config.xml"));
    writeFileSync(file, small);
    const { stdout } = await world.start().finished;
    expect(stdout).toContain("is it at its factory settings?");
    expect(lstatSync(incomplete(week, "config.xml")).size).toBe(size);
  });
});

test("an ssh key that the firewall doesn't know: refused without a question", async () => {
  const file = join(world.folder, "credentials", "ssh");
  const before = readFileSync(file);
  rmSync(file);
  execaSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  const { status, stdout } = await world.start().finished;
  // ssh offers what lies beside the key.
  rmSync(`${file}.pub`);
  writeFileSync(file, before, { mode: 0o600 });
  expect(stdout).toMatch(/Permission denied \(publickey\)/);
  expect(status).toBe(1);
  expect(visible()).toEqual([]);
});

test("a file that vanished while tar read it is told, and the backup is kept", async () => {
  world.firewall.switchFaults({ tar: "vanished-file" });
  const { status, stdout } = await world.start().finished;
  expect(stdout).toContain("Note: some of the firewall's files changed while they were read");
  expect(status).toBe(0);
  expect(visible()).toEqual([week]);
});

test("a secret is in no process' arguments and environment", async () => {
  world.shadow(
    "ssh",
    `tr '\\0' '\\n' < /proc/$PPID/environ > ${world.folder}/seen; echo "$@" >> ${world.folder}/seen; env >> ${world.folder}/seen; exec REAL "$@"`,
  );
  expect(await world.start().finished).toMatchObject({ status: 0 });
  const seen = readFileSync(join(world.folder, "seen"), "utf8");
  for (const secret of world.firewall.apiKey.split(" ")) expect(seen).not.toContain(secret);
  expect(seen).not.toContain("PRIVATE KEY");
  expect(seen).toContain("StrictHostKeyChecking=yes");
});

test("who parses the firewall's tar has no rights, and no file but what it is given to read", async () => {
  chmodSync(world.folder, 0o755);
  // It may write to no file at all.
  const told = join(world.folder, "told");
  execaSync("mkfifo", ["-m", "0666", told]);
  const tries = ["made", `${world.folder}/made`, `${world.config.target.path}/made`];
  world.shadow("tar", confession(told, tries));
  const [ended, { stdout }] = await Promise.all([world.start().finished, execa("cat", [told])]);
  chmodSync(world.folder, 0o700);
  expect(ended).toMatchObject({ status: 0 });
  const { users, groups, harm, mostProcesses } = confessed(stdout);
  expect({ harm, mostProcesses }).toEqual({ harm: [], mostProcesses: ["3"] });
  expect(Math.min(...users, ...groups)).toBeGreaterThanOrEqual(1_879_048_192);
});

test("four weeks are kept, only after a new one is there; the newest never goes, and one from the future takes no place", async () => {
  for (const period of ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05", "2099-01"])
    mkdirSync(join(world.generations, period), { recursive: true });
  const preview = await world.start(["--dry-run"]).finished;
  expect(preview.stdout).toContain("would remove");
  expect(visible()).toHaveLength(6);
  world.firewall.switchFaults({ api: "html" });
  await world.start().finished;
  expect(visible()).toHaveLength(6);
  world.firewall.switchFaults({ api: "none" });
  expect(await world.start().finished).toMatchObject({ status: 0 });
  expect(visible()).toEqual(["2020-03", "2020-04", "2020-05", week, "2099-01"]);
  expect(readdirSync(join(world.generations, ".trash"))).toEqual([]);
});

test("a generation that somebody has made immutable keeps no other from going, and is told; what went is told to the offsite run", async () => {
  const old = ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"];
  for (const period of old) mkdirSync(join(world.generations, period), { recursive: true });
  const half = join(world.generations, ".incomplete", "2020-05");
  mkdirSync(half, { recursive: true });
  const immutable = [join(world.generations, "2020-01"), half];
  await execa("chattr", ["+i", ...immutable]);
  try {
    for (let night = 0; night < 2; night += 1) {
      const { status, stdout } = await world.start().finished;
      expect(status).toBe(1);
      expect(stdout).toMatch(
        /2020-0[15]" is no longer kept and can't be removed: EPERM.*; 1 more can't either/,
      );
      expect(visible()).toEqual(["2020-01", "2020-03", "2020-04", "2020-05", week]);
      expect(existsSync(kept("config.xml"))).toBe(true);
    }
  } finally {
    await execa("chattr", ["-i", ...immutable]);
  }
  const journal = join(world.config.stateDir, "journal");
  const told = readdirSync(journal).flatMap(name => readFileSync(join(journal, name), "utf8").split("\0"));
  expect(told).toEqual(expect.arrayContaining(["pfsense/2020-02", "pfsense/.incomplete/2020-05"]));
});

test("refuses an unmounted backup disk, and asks the firewall nothing", async () => {
  await world.inside("umount", world.config.target.path);
  const { status, stdout } = await world.start().finished;
  await world.mount();
  expect(stdout).toContain("is not a mount point");
  expect(status).toBe(3);
  expect(readdirSync(world.config.target.path)).toEqual([]);
});

test("a firewall that sends without end is given up while others have room, and what it sent is gone at once", async () => {
  world.shadow("ssh", "exec cat /dev/zero");
  const { status, stdout } = await world.start().finished;
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /the firewall's tar has \d+ bytes and no end, and the backup disk \d+ free: it is given up/,
  );
  expect(readdirSync(join(world.generations, ".trash"))).toEqual([]);
});

test("a tar with a name without end is read to its end", async () => {
  const file = join(world.folder, "long.tgz");
  // A header of GNU tar's for a long name, the name, and an empty file of that name.
  const header = (name: string, size: number, type: string): Buffer => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write(
      `0000644\0${"0000000\0".repeat(2)}${size.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0${" ".repeat(8)}${type}`,
      100,
    );
    block.write("ustar  \0", 257);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    return block;
  };
  const name = Buffer.alloc(8 * 2 ** 20, "a");
  writeFileSync(
    file,
    gzipSync(
      Buffer.concat([
        header("././@LongLink", name.length, "L"),
        name,
        header("a", 0, "0"),
        Buffer.alloc(1024),
      ]),
    ),
  );
  world.shadow("ssh", `exec cat ${file}`);
  const { status, stdout } = await world.start().finished;
  expect(status).toBe(1);
  expect(stdout).toMatch(/the firewall's tar (lacks|can't be read back)/);
});

test("a full backup disk: fails, and leaves nothing half-made", async () => {
  await goodRun();
  await world.inside("sh", "-c", `cat /dev/zero > ${world.config.target.path}/ballast || true`);
  const { status, stdout } = await world.start().finished;
  rmSync(join(world.generations, "..", "ballast"));
  expect(stdout).toMatch(/ENOSPC/);
  expect(stdout).toMatch(/Next: df -h (\S+); df -i \1 {3}\(then make room there\)/);
  expect(status).toBe(1);
  expect(visible()).toEqual([week]);
  nothingHalfMade();
});

/** How each phase is held open until the signal comes. */
const hold = (program: string, when = "*", only = "true"): void => {
  const reached = `${world.folder}/reached`;
  rmSync(reached, { force: true });
  world.shadow(
    program,
    `case "$*" in ${when}) ${only} && [ ! -e ${reached} ] && { touch ${reached}; while [ -e "$0" ]; do sleep 0.05; done; };; esac; exec REAL "$@"`,
  );
};
const reached = (): boolean => existsSync(`${world.folder}/reached`);
const phases = [
  { phase: "lock", hold: () => hold("flock", "*nonblock*"), there: reached },
  { phase: "verify", hold: () => hold("findmnt"), there: reached },
  {
    phase: "config",
    hold: () => world.firewall.switchFaults({ api: "stall" }),
    there: () => phaseNow() === "config",
  },
  {
    phase: "tar",
    hold: () => world.firewall.switchFaults({ tar: "stall" }),
    there: () => phaseNow() === "tar",
  },
  { phase: "promote", hold: () => hold("perl", "*syncfs*/.part/0"), there: reached },
  {
    phase: "prune",
    // A run whose budget ended before removes what it has made in the same way, and nothing ends that.
    hold: () => hold("ionice", "*", `grep -q prune ${world.config.stateDir}/running.json`),
    there: reached,
  },
];

function phaseNow(): string | undefined {
  try {
    return (
      JSON.parse(readFileSync(join(world.config.stateDir, "running.json"), "utf8")) as { phase: string }
    ).phase;
  } catch {
    return undefined;
  }
}

/** A good run, and an older generation that the next one prunes. */
async function goodWeek(): Promise<number> {
  await goodRun();
  for (const period of ["2020-01", "2020-02", "2020-03", "2020-04"])
    mkdirSync(join(world.generations, period));
  return world.metrics()["last_success_timestamp"] ?? 0;
}

async function expectNextRunConverges(): Promise<void> {
  world.unshadow();
  world.firewall.switchFaults({ api: "none", tar: "none" });
  world.writeConfig({});
  expect(await world.start([], { INVOCATION_ID: "night-3" }).finished).toMatchObject({ status: 0 });
  expect(visible()).toEqual(["2020-02", "2020-03", "2020-04", week]);
  expect(readdirSync(join(world.generations, week)).sort()).toEqual(whole);
  nothingHalfMade();
  expect(readdirSync(join(world.generations, ".trash"))).toEqual([]);
  expect(world.metrics()).toMatchObject({ last_status: 0 });
}

test.each(endedSteps(phases, 0, 3))(
  "kill -9 in phase $phase: reported by --report-end, what is visible is whole, the next run converges",
  async phase => {
    const success = await goodWeek();
    phase.hold();
    const run = world.start([], { INVOCATION_ID: "night-2" });
    await run.until(phase.there);
    run.kill("SIGKILL");
    expect(await run.finished).toMatchObject({ signal: "SIGKILL" });
    expect(readdirSync(join(world.generations, week)).sort()).toEqual(whole);
    const service = {
      INVOCATION_ID: "night-2",
      SERVICE_RESULT: "signal",
      EXIT_CODE: "killed",
      EXIT_STATUS: "KILL",
    };
    expect(await world.start(["--report-end"], service).finished).toMatchObject({ status: 0 });
    expect(world.metrics()).toMatchObject({ last_status: 137, last_success_timestamp: success });
    await expectNextRunConverges();
  },
);

test.each(endedSteps(phases, 1, 3))(
  "SIGTERM in phase $phase: reported by the run itself, the next run converges",
  async phase => {
    const success = await goodWeek();
    phase.hold();
    const run = world.start([], { INVOCATION_ID: "night-2" });
    await run.until(phase.there);
    run.kill("SIGTERM");
    const { status, stdout } = await run.finished;
    expect(stdout).toContain(`stopped by SIGTERM in phase ${phase.phase}`);
    expect(status).toBe(143);
    expect(world.metrics()).toMatchObject({ last_status: 143, last_success_timestamp: success });
    nothingHalfMade();
    await expectNextRunConverges();
  },
);

test.each(endedSteps(phases, 2, 3))(
  "the budget ends in phase $phase: reported as a failure, the next run converges",
  async phase => {
    await goodWeek();
    phase.hold();
    world.writeConfig({ budgetMs: 3_000, stallMs: 60_000 });
    const { status, stdout } = await world.start().finished;
    expect(stdout).toContain("its budget of 3 s is used up");
    expect(status).toBe(124);
    await expectNextRunConverges();
  },
);

test("what a killed run was about to make visible doesn't make the next one's half visible", async () => {
  await goodRun();
  const [pid, go] = [join(world.folder, "pid"), join(world.folder, "go")];
  world.shadow(
    "perl",
    `[ -e ${pid} ] || { echo $$ >${pid}.part; mv ${pid}.part ${pid}; while [ ! -e ${go} ]; do sleep 0.05; done; }; exec REAL "$@"`,
  );
  const killed = world.start();
  await killed.until(() => existsSync(pid));
  killed.kill("SIGKILL");
  await killed.finished;
  world.firewall.switchFaults({ tar: "stall" });
  const next = world.start();
  await next.reaches("tar");
  writeFileSync(go, "");
  await world.inside("sh", "-c", `while kill -0 "$(cat ${pid})" 2>/dev/null; do sleep 0.05; done`);
  expect(readdirSync(kept(".")).sort()).toEqual(whole);
  next.kill("SIGTERM");
  expect(await next.finished).toMatchObject({ status: 143 });
  expect(readdirSync(kept(".")).sort()).toEqual(whole);
});

test("two at once: the second is refused and changes nothing", async () => {
  await goodWeek();
  world.firewall.switchFaults({ tar: "stall" });
  const first = world.start();
  await first.until(() => phaseNow() === "tar");
  const second = await world.start().finished;
  expect(second.status).toBe(75);
  expect(second.stdout).toContain("another run holds the lock");
  first.kill("SIGTERM");
  await first.finished;
  await expectNextRunConverges();
});
