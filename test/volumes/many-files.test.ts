import { mustOnHost } from "../../lab/hosts";
import { backupConfig, generation, inode, installOnCleanHost, week } from "./support/backup";
import { changeVolume, leaks, makeVolume, snapshot } from "./support/thin-volumes";
import { host, type Unit } from "./support/unit";

/** They take a host of the lab a dozen minutes: `npm run test:long` alone has this file. */
const files = 1_000_000;
const volume = "vm-1-pvc-many";
const longestMs = 3_600_000;

jest.setTimeout(longestMs);

const on = (script: string): Promise<string> => mustOnHost(host, script, { timeoutMs: longestMs });

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
  unit = await installOnCleanHost();
  await makeVolume(volume, {
    sizeMib: 64 + Math.round(files / 700),
    make: device => `mke2fs -q -t ext4 -N ${Math.round(files * 1.01) + 100} -E nodiscard ${device}`,
    fill: `perl -e '${makeFiles}'`,
  });
  const { volumes } = backupConfig();
  await unit.configure(
    backupConfig({
      volumes: { ...volumes, pattern: volume, volumeBudgetMs: longestMs },
      budgetMs: longestMs,
    }),
  );
});

const folder = async (): Promise<string> => generation(await week(), volume);

/** How many there are, and a few of them to the byte. */
async function isWhole(): Promise<void> {
  const copy = await folder();
  expect(await on(`find ${copy} -type f | wc -l; find ${copy} -type f -size +0 | wc -l`)).toBe(
    `${files}\n${files / 100}\n`,
  );
  const last = files - 100;
  expect(await on(`cat ${copy}/folder-0/file-0 ${copy}/folder-${Math.floor(last / 1000)}/file-${last}`)).toBe(
    `content of 0content of ${last}`,
  );
  expect(await leaks()).toBe("");
}

test("a volume with very many files is copied, within the host's small memory", async () => {
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
  await changeVolume(volume, "echo changed >folder-3/file-3001");
  await snapshot([volume]);
  const linked = `${await folder()}/folder-3/file-3002`;
  const before = await inode(linked);
  const { status, output } = await unit.run();
  expect(output).toContain("1 copied (8 bytes)");
  expect(status).toBe(0);
  expect(await on(`cat ${await folder()}/folder-3/file-3001; stat -c %h ${linked}`)).toBe("changed\n1\n");
  expect(await inode(linked)).toBe(before);
});
