import { randomUUID } from "node:crypto";
import { nasIn } from "../../cli/discover/nas";
import { answersIn, nasQuestions, questionsText } from "../../cli/discover/questions";
import { readFacts } from "../../lab/facts";
import { ensureIdentity } from "../../lab/hosts/identity";
import { hostStatus, mustOnHost, onHost, startHosts, stopHosts, type CommandResult } from "../../lab/hosts";
import { setRetention } from "../../components/nas-retention";
import { activeSwitches, healNas, switchNas, type NasSwitch } from "../../lab/nas/switches";
import { until } from "../../lab/process";

const operator = { user: "Administrator", port: 22 } as const;
const synosharesnapshot = "/usr/syno/sbin/synosharesnapshot";
let foundRunning = false;

beforeAll(async () => {
  foundRunning = hostStatus().every(({ running }) => running);
  await startHosts({ say: () => undefined });
  await healNas();
}, 45 * 60_000);

afterAll(async () => {
  if (!foundRunning) await stopHosts();
});

test("Administrator is nobody special until sudo gets the password", async () => {
  const { administratorPassword } = await ensureIdentity();
  expect((await mustOnHost("nas", "id -u", operator)).trim()).not.toBe("0");
  const sudo = { ...operator, input: `${administratorPassword}\n` };
  expect((await mustOnHost("nas", "sudo -S -p '' id -u", sudo)).trim()).toBe("0");
  const refused = await onHost("nas", "sudo -S -p '' id -u", { ...operator, input: "wrong\n" });
  expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
});

test("whoever discovers it sees a Synology with its share, its room and its key, without root", async () => {
  const said = await mustOnHost("nas", questionsText(nasQuestions), operator);
  const { hostKey } = readFacts().nas;
  const way = { user: "Administrator", address: "nas", port: 22 };
  const found = nasIn(answersIn(said, nasQuestions), way, undefined);
  expect(found).toMatchObject({
    system: "stand-in, DSM 7.2.1",
    volume: { mount: "/volume1" },
    others: [],
    hostKey,
  });
  expect(found?.shares).toContain("/Backup");
});

test("pve's root sends files to the share with rsync over SSH", async () => {
  const name = randomUUID();
  expect(await send(name)).toMatchObject({ exitCode: 0 });
  expect(await mustOnHost("nas", `stat -c %U /volume1/Backup/${name}/hostname`)).toBe("Administrator\n");
  expect(await mustOnHost("nas", `cat /volume1/Backup/${name}/hostname`)).toBe("pve\n");
});

test("synosharesnapshot keeps the share as it was, read-only, until the snapshot is deleted", async () => {
  const name = randomUUID();
  await send(name);
  const made = await mustOnHost("nas", `${synosharesnapshot} create Backup desc="before ${name}" lock=false`);
  const snapshot = /GMT-\d{4}\.\d\d\.\d\d-\d\d\.\d\d\.\d\d/.exec(made)?.[0] ?? "none";
  const copy = `/volume1/@sharesnap/Backup/${snapshot}/${name}/hostname`;
  await mustOnHost("nas", `rm -r /volume1/Backup/${name}`);
  expect(await mustOnHost("nas", `cat ${copy}`)).toBe("pve\n");
  expect((await onHost("nas", `echo x >${copy}`)).stderr).toContain("Read-only file system");
  const list = `${synosharesnapshot} list Backup desc="before ${name}" lock=false | tail -n +2`;
  expect(await mustOnHost("nas", list)).toBe(`${snapshot}\n`);
  await mustOnHost("nas", `${synosharesnapshot} delete Backup ${snapshot}`);
  expect(await mustOnHost("nas", list)).toBe("");
  expect(await mustOnHost("nas", "btrfs subvolume list /volume1")).not.toContain(snapshot);
});

test("synosharesnapshot deletes nothing when one of the names is wrong, and is for root only", async () => {
  const made = await mustOnHost("nas", `${synosharesnapshot} create Backup`);
  const snapshot = made.trim().split(" ").at(-1) ?? "none";
  const wrong = await onHost("nas", `${synosharesnapshot} delete Backup ${snapshot} GMT-2001.01.01-00.00.00`);
  expect(wrong).toMatchObject({ exitCode: 1 });
  expect(wrong.stderr).toContain("GMT-2001.01.01-00.00.00");
  expect(await mustOnHost("nas", `${synosharesnapshot} list Backup lock=true`)).toContain(snapshot);
  expect(await onHost("nas", `${synosharesnapshot} list Backup`, operator)).toMatchObject({ exitCode: 1 });
  await mustOnHost("nas", `${synosharesnapshot} delete Backup ${snapshot}`);
});

test("a deployment sets a share's retention by a real sudo, and reads it back", async () => {
  const { administratorPassword } = await ensureIdentity();
  const sudo = { ...operator, input: `${administratorPassword}\n` };
  await mustOnHost("nas", `${synosharesnapshot} shareconf set Backup snap_auto_remove_keep_days=3`);
  expect(await mustOnHost("nas", setRetention("Backup", 7), sudo)).toBe(
    "Backup keeps snapshots for 7 days (before: 3)\n",
  );
  expect(await mustOnHost("nas", `${synosharesnapshot} shareconf get Backup`)).toContain(
    "snap_auto_remove_keep_days=7\n",
  );
  const refused = await onHost("nas", setRetention("Backup", 9), { ...operator, input: "wrong\n" });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("the retention of Backup can't be read, and wasn't changed");
});

test("stall: a running transfer stops moving and a new connection gets no greeting", async () => {
  const name = randomUUID();
  const end = `/run/${name}`;
  const slowly = `rsync -a --inplace --bwlimit=256 --timeout=4 /root/big Administrator@nas:/volume1/Backup/${name}/`;
  await mustOnHost(
    "pve",
    `dd if=/dev/urandom of=/root/big bs=1M count=4 status=none
     (${slowly} 2>/dev/null; echo $? >${end}) >/dev/null 2>&1 </dev/null &`,
  );
  const arrives = async (): Promise<boolean> =>
    (await onHost("nas", `[ -s /volume1/Backup/${name}/big ]`)).exitCode === 0;
  expect(await until(arrives, 1_200_000)).toBe(true);
  await misbehaving("stall", async () => {
    expect((await send(name)).stderr).toContain("timed out during banner exchange");
    const waited = await mustOnHost(
      "pve",
      `until [ -s ${end} ]; do sleep 0.2; done; cat ${end}; rm ${end} /root/big`,
    );
    expect(waited).toBe("30\n");
  });
});

test("drop: a new connection gets no answer at all", async () => {
  await misbehaving("drop", async () => {
    expect((await send("dropped")).stderr).toContain("Connection timed out");
  });
});

test("refuse: a new connection is refused", async () => {
  await misbehaving("refuse", async () => {
    expect((await send("refused")).stderr).toContain("Connection refused");
  });
});

test("fill: a write to the share meets its quota, and the files before it stay", async () => {
  const name = randomUUID();
  await send(name);
  await misbehaving("fill", async () => {
    expect((await send(`${name}-2`, "/usr/bin/rsync")).exitCode).toBe(11);
    const write = `head -c 65536 /dev/zero >/volume1/Backup/${name}/more`;
    expect((await onHost("nas", write, operator)).stderr).toContain("Disk quota exceeded");
    expect(await mustOnHost("nas", `cat /volume1/Backup/${name}/hostname`)).toBe("pve\n");
  });
});

test("lie: rsync reports success and the share has nothing of it", async () => {
  const name = randomUUID();
  await misbehaving("lie", async () => {
    expect(await send(name)).toMatchObject({ exitCode: 0 });
    expect((await onHost("nas", `[ -e /volume1/Backup/${name} ]`)).exitCode).toBe(1);
  });
  expect(await send(name)).toMatchObject({ exitCode: 0 });
  expect((await onHost("nas", `[ -e /volume1/Backup/${name}/hostname ]`)).exitCode).toBe(0);
});

/** Runs `act` while a switch is on; then heals the NAS, which must take a backup again. */
async function misbehaving(name: NasSwitch, act: () => Promise<void>): Promise<void> {
  try {
    await switchNas(name);
    expect(await activeSwitches()).toEqual([name]);
    await act();
  } finally {
    await healNas();
  }
  expect(await activeSwitches()).toEqual([]);
  expect(await send("healed")).toMatchObject({ exitCode: 0 });
}

/** Sends a file from pve to the share, as a backup would. */
function send(name: string, file = "/etc/hostname"): Promise<CommandResult> {
  const shell = "ssh -o BatchMode=yes -o ConnectTimeout=3";
  return onHost(
    "pve",
    `rsync -a --timeout=10 -e '${shell}' ${file} Administrator@nas:/volume1/Backup/${name}/`,
  );
}
