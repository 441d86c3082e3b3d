import { mustOnHost } from "../../lab/hosts";
import { testLong } from "../long";
import { ReleaseStack } from "./release-stack";

/* What the runner asks, answered by the real systemd and the real kernel, from within its unit's sandbox. */
jest.setTimeout(1_800_000);

let stack: ReleaseStack;

beforeAll(async () => {
  await mustOnHost(
    "pve",
    "script=/opt/holdfast/nfs-mirror/release.sh; test ! -e $script || sh $script remove; rm -rf /opt/holdfast",
  );
  stack = await ReleaseStack.open("effective-state");
  const estate = stack.estate();
  const alert = { receiver: "lab", for: "5s" };
  // Not while this test has something changed.
  const schedule = { onCalendar: "Sun *-*-* 03:00:00" };
  stack.setEstate({
    ...estate,
    layers: {
      ...estate.layers,
      "effective-state": [{ host: "pve", schedule, promise: { rpo: "9d" }, alert }],
    },
  });
  await stack.mustUp();
});
afterAll(() => stack?.close());

const dryRun = (): Promise<string> => mustOnHost("pve", "effective-state --dry-run 2>&1");

/** What an operator changes by hand, how it is put right again, and what is said of it. */
const edits = [
  [
    "a drop-in of a timer",
    "d=/etc/systemd/system/nfs-mirror.timer.d; mkdir -p $d; printf '[Timer]\\nOnCalendar=\\nOnCalendar=05:00\\n' >$d/override.conf; systemctl daemon-reload",
    "rm -r /etc/systemd/system/nfs-mirror.timer.d; systemctl daemon-reload",
    /nfs-mirror\.timer: declared "\*-\*-\* 02:00:00 UTC", and systemd says "\*-\*-\* 05:00:00"/,
  ],
  [
    "a timer that was stopped and masked",
    "systemctl stop nfs-mirror.timer; ln -sf /dev/null /etc/systemd/system/nfs-mirror.timer; systemctl daemon-reload",
    "cp --remove-destination /opt/holdfast/nfs-mirror/current/nfs-mirror.timer /etc/systemd/system/; systemctl daemon-reload; systemctl start nfs-mirror.timer",
    /nfs-mirror\.timer: declared a unit, and systemd says that it is masked/,
  ],
  [
    "a drop-in of all whose names begin alike",
    "d=/etc/systemd/system/nfs-.service.d; mkdir -p $d; printf '[Service]\\nNice=19\\n' >$d/slow.conf; systemctl daemon-reload",
    "rm -r /etc/systemd/system/nfs-.service.d; systemctl daemon-reload",
    /nfs-mirror\.service: "nfs-mirror\.service" is changed by \/etc\/systemd\/system\/nfs-\.service\.d\/slow\.conf/,
  ],
  [
    "a disk that was mounted anew with less",
    "mount -o remount,suid /mnt/backup",
    "mount -o remount,nosuid /mnt/backup",
    /\/mnt\/backup: declared rw,nosuid,nodev, and it is mounted without nosuid/,
  ],
] as const;

test("a look in its sandbox finds all as it was deployed, and each edit by hand until it is put right", async () => {
  const seen = await mustOnHost(
    "pve",
    "systemctl start effective-state || journalctl -n 30 -u effective-state; grep -h ^effective_state /var/lib/prometheus/node-exporter/effective-state*.prom",
  );
  expect(seen).toContain("effective_state_last_status 0\n");
  expect(seen).toContain("effective_state_differing 0\n");
  expect(seen).toContain('effective_state_differs{kind="unit",subject="nfs-mirror.timer"} 0\n');
  for (const [, edit, repair, line] of edits) {
    await mustOnHost("pve", edit);
    try {
      expect(await dryRun()).toMatch(line);
      // In whose own mount table all is nosuid.
      if (edit.includes("remount,suid"))
        expect(
          await mustOnHost("pve", "systemctl start nfs-mirror; journalctl -n 20 -u nfs-mirror"),
        ).toContain('/mnt/backup" is mounted without nosuid');
    } finally {
      await mustOnHost("pve", repair);
    }
  }
  expect(await dryRun()).not.toContain("declared");
});

// It waits until what differs is no deployment that is under way.
testLong("edits by hand are told by the next look, and no more once they are put right", async () => {
  const tell = (): Promise<string> =>
    mustOnHost(
      "pve",
      "systemctl start effective-state; grep -h ' 1$' /var/lib/prometheus/node-exporter/effective-state-differs.prom || :",
    );
  for (const [, edit] of edits) await mustOnHost("pve", edit);
  try {
    const told = await tell();
    expect(told).toContain('kind="unit",subject="nfs-mirror.timer"} 1');
    expect(told).toContain('kind="mount",subject="/mnt/backup"} 1');
    const { text, exitCode } = await stack.holdfast("status");
    expect(text).toContain(
      "effective-state on pve: /mnt/backup: declared rw,nosuid,nodev, and it is mounted without nosuid",
    );
    expect(exitCode).toBe(1);
  } finally {
    for (const [, , repair] of [...edits].reverse()) await mustOnHost("pve", `${repair} || :`);
  }
  expect(await tell()).toBe("");
});

test("a disk that systemd mounts on demand is as declared while nobody has gone there", async () => {
  const [dir, unit] = ["/mnt/backup", "mnt-backup"];
  await mustOnHost(
    "pve",
    `cp /etc/fstab /run/fstab.kept; sed -i '\\, ${dir} ,s/defaults/defaults,x-systemd.automount/' /etc/fstab; umount ${dir}; systemctl daemon-reload; systemctl start ${unit}.automount`,
  );
  try {
    expect(await mustOnHost("pve", `findmnt --noheadings --output FSTYPE ${dir}`)).toBe("autofs\n");
    // In its sandbox, as its timer starts it.
    await mustOnHost("pve", "systemctl start effective-state");
    expect(await mustOnHost("pve", "cat /var/lib/holdfast/effective-state/differences")).toBe("");
    expect(await mustOnHost("pve", `findmnt --noheadings --output FSTYPE ${dir}`)).toBe("autofs\n");
  } finally {
    await mustOnHost(
      "pve",
      `systemctl stop ${unit}.automount ${unit}.mount; cp /run/fstab.kept /etc/fstab; systemctl daemon-reload; mountpoint -q ${dir} || mount ${dir}`,
    );
  }
});

// It waits for the minute.
testLong("a look that its own timer has begun finds nothing of itself", async () => {
  const estate = stack.estate();
  stack.setEstate({
    ...estate,
    layers: {
      ...estate.layers,
      "effective-state": [
        {
          host: "pve",
          schedule: { onCalendar: "*-*-* *:*:00", accuracy: "1s" },
          ...{ usualRun: "5s", budget: "25s", timeout: "55s" },
          promise: { rpo: "5min" },
          alert: { receiver: "lab", for: "5s" },
        },
      ],
    },
  });
  await stack.mustUp();
  const trigger = "systemctl show effective-state.timer --property=LastTriggerUSec --value";
  await mustOnHost(
    "pve",
    `${trigger} >/run/before; until [ "$(${trigger})" != "$(cat /run/before)" ] && ! systemctl is-active --quiet effective-state; do sleep 1; done`,
  );
  expect(await mustOnHost("pve", "cat /var/lib/holdfast/effective-state/differences")).toBe("");
  expect(
    await mustOnHost("pve", "grep -h last_status /var/lib/prometheus/node-exporter/effective-state.prom"),
  ).toContain("effective_state_last_status 0\n");
});
