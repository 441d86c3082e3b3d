import { differences } from "../../lab/night/steps";
import { mustOnHost } from "../../lab/hosts";
import { Newcomer, preview, up, upNow } from "./newcomer";

jest.setTimeout(3_600_000);

/** The first hour with a house of one's own, in an empty folder; a later version of Holdfast comes in upgrade.test.ts. */
let me: Newcomer;
beforeAll(async () => void (me = await Newcomer.arrive()));
afterAll(() => me?.leave());

test("an estate is discovered, checked and looked at", async () => {
  const { discovered, unedited } = await me.discover();
  expect(discovered).toMatch(
    /^Written: estate\.ts, with \d+ services and \d+ TODO\. Nothing was changed on the host/,
  );
  expect([unedited.exitCode, unedited.text]).toEqual([
    1,
    expect.stringContaining("routes/no-route-off-site"),
  ]);
  expect(await me.must("npx holdfast check")).toMatch(/^\d jobs: 0 errors, \d warnings?\./m);
  await me.must("npx tsc");
  await me.must("npx holdfast rpo");
  expect(await me.must("npx holdfast report")).toContain("holdfast-report.html: written.");
  for (const line of ["git init --initial-branch main", "git add --all", 'git commit --message "my house"'])
    await me.must(line);
});

test("it is previewed and installed, and its jobs do their work", async () => {
  await me.must("pulumi stack init home");
  await me.must("pulumi config set holdfast:prometheus files");
  expect(await me.must(preview)).toMatch(/Resources:\n +\+ \d+ to create\n/);
  expect(await me.must(up, upNow)).toMatch(/Resources:\n +\+ \d+ created\n/);
  await mustOnHost("pve", "systemctl start nfs-mirror daily-backup", { timeoutMs: 1_200_000 });
  expect(await differences("/srv/nfs/mine", "/mnt/backup/mine")).toEqual([]);
  expect(await me.must("npx holdfast status")).toMatch(/\nAll is well: 1 machine, \d jobs, \d stores\.$/);
});

test("an edit is told before it is deployed, and is all that changes", async () => {
  me.folder.edit("estate.ts", text => text.replace("*-*-* 04:00:00", "*-*-* 05:00:00"));
  expect(await me.must("npx holdfast diff main:estate.ts")).toMatch(
    /daily-backup +when +\*-\*-\* 04:00:00 \S+ +\*-\*-\* 05:00:00 /,
  );
  expect(await me.must(preview, `${preview} --diff`)).toMatch(/^ +\+ OnCalendar=\*-\*-\* 05:00:00 /m);
  expect(await me.must(up, upNow)).toMatch(/Resources:\n +~ \d+ updated\n +\d+ unchanged\n/);
});

test("taken away, nothing of it is left but the copies", async () => {
  await me.destroy();
  expect(await me.left()).toEqual({ copies: "one\n", untouched: true, units: "" });
});
