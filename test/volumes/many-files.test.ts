import { mustOnHost, resetHosts, startHosts } from "../../lab/hosts";
import { backupConfig, generation, week } from "../volumes/support/backup";
import { changeVolume, leaks, makeVolume, snapshot } from "../volumes/support/thin-volumes";
import { host, installUnit, type Unit } from "../volumes/support/unit";

jest.setTimeout(3_600_000);

const files = 1_000_000;
const volume = "vm-1-pvc-million";
const disk = "/mnt/million";
const on = (script: string): Promise<string> => mustOnHost(host, script, { timeoutMs: 1_800_000 });

/** A thousand files a folder, one in a hundred with content: mknod(2) makes a file by one call. */
const makeFiles = `for $i (0 .. ${files} - 1) {
  $folder = "folder-" . int($i / 1000);
  mkdir $folder if $i % 1000 == 0;
  $name = "$folder/file-$i";
  if ($i % 100) { syscall(133, $name, 0100644, 0) == 0 or die $! }
  else { open F, ">", $name or die $!; print F "content of $i"; close F }
}`;

let unit: Unit;

beforeAll(async () => {
  await resetHosts([host]);
  await startHosts({ only: [host], say: () => undefined });
  unit = await installUnit("daily-backup", "daily_backup");
  // Two generations need more inodes than the lab's own backup disk has.
  await on(
    `truncate -s 8G /var/million.img; mke2fs -q -t ext4 -m 0 -N ${files * 2.4} -F /var/million.img
mkdir -p ${disk}; mount -o loop /var/million.img ${disk}`,
  );
  await makeVolume(volume, {
    sizeMib: 1536,
    make: device => `mke2fs -q -t ext4 -N ${files * 1.01} -E nodiscard ${device}`,
    fill: `perl -e '${makeFiles}'`,
  });
  const fsUuid = (await on("blkid -o value -s UUID /var/million.img")).trim();
  const { volumes } = backupConfig();
  await unit.configure(
    backupConfig({
      target: { path: disk, fsUuid },
      volumes: { ...volumes, pattern: volume, volumeBudgetMs: 3_000_000 },
      budgetMs: 3_000_000,
    }),
  );
});

const folder = async (): Promise<string> => generation(await week(), volume).replace("/mnt/backup", disk);

/** How many there are, and a few of them to the byte. */
async function isWhole(): Promise<void> {
  const copy = await folder();
  expect(await on(`find ${copy} -type f | wc -l; find ${copy} -type f -size +0 | wc -l`)).toBe(
    `${files}\n${files / 100}\n`,
  );
  expect(await on(`cat ${copy}/folder-0/file-0 ${copy}/folder-999/file-999900`)).toBe(
    "content of 0content of 999900",
  );
  expect(await leaks()).toBe("");
}

test("a volume with a million files is copied, within the host's small memory", async () => {
  await snapshot([volume]);
  expect(await unit.run()).toMatchObject({ status: 0 });
  await isWhole();
});

test("unchanged, none of them is looked at", async () => {
  await snapshot([volume]);
  const { status, output } = await unit.run();
  expect(output).toContain("0 copied (0 bytes), 1 unchanged");
  expect(status).toBe(0);
});

test("with one change, the others are linked", async () => {
  await changeVolume(volume, "echo changed >folder-7/file-7001");
  await snapshot([volume]);
  const { status, output } = await unit.run();
  expect(output).toContain("1 copied (8 bytes)");
  expect(status).toBe(0);
  expect(
    await on(`cat ${await folder()}/folder-7/file-7001; stat -c %h ${await folder()}/folder-7/file-7002`),
  ).toBe("changed\n1\n");
});
