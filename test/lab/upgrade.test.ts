import { z } from "zod";
import { mustOnHost } from "../../lab/hosts";
import { differences } from "../../lab/night/steps";
import { Newcomer, preview, up, upNow } from "./newcomer";

jest.setTimeout(3_600_000);

/** An earlier version, packed from the history that a clone has. Once a version was published, it is the last of these. */
const earlier = "4e72963142ae";

let me: Newcomer;
beforeAll(async () => void (me = await Newcomer.arrive(earlier)));
afterAll(() => me?.leave());

/** Of each job the release that is live. */
async function liveOnHost(): Promise<Map<string, string>> {
  const said = await mustOnHost(
    "pve",
    "cd /opt/holdfast; for job in *; do echo $job $(readlink $job/current); done",
  );
  return new Map(
    said
      .trim()
      .split("\n")
      .map(line => line.split(" ") as [string, string]),
  );
}

/** What somebody has written, and the mirror's next run. */
async function mirrored(file: string): Promise<string[]> {
  await mustOnHost(
    "pve",
    `echo ${file} >/srv/nfs/mine/${file}; systemctl is-active --quiet nfs-mirror.timer && systemctl start nfs-mirror`,
    { timeoutMs: 1_200_000 },
  );
  return differences("/srv/nfs/mine", "/mnt/backup/mine");
}

const steps = z.object({ steps: z.array(z.object({ op: z.string(), urn: z.string() })) });

test("an earlier version is at work on a host", async () => {
  await me.discover();
  await me.must("npx holdfast check");
  await me.must("pulumi stack init home");
  await me.must("pulumi config set holdfast:prometheus files");
  await me.must(up, upNow);
  await mustOnHost("pve", "systemctl start nfs-mirror daily-backup", { timeoutMs: 1_200_000 });
  expect(await differences("/srv/nfs/mine", "/mnt/backup/mine")).toEqual([]);
});

test("today's takes its place without a replacement, goes on with what that one made, and a job goes back to it", async () => {
  const before = await liveOnHost();
  await me.folder.put();
  expect(await me.must("npx holdfast migrate")).toContain("Nothing is to be done");
  await me.must("npx holdfast check");
  const { steps: planned } = steps.parse(
    JSON.parse((await me.must(preview, `${preview} --json 2>/dev/null`)).replace(/^[^{]*/, "")),
  );
  const removed = planned.filter(({ op }) => !["same", "update", "create"].includes(op));
  expect([planned.length > 0, removed]).toEqual([true, []]);
  await me.must(up, upNow);
  const live = await liveOnHost();
  for (const [job, release] of before) expect([job, live.get(job)]).not.toEqual([job, release]);
  expect([...live.keys()]).toEqual(expect.arrayContaining([...before.keys()]));
  expect(await mirrored("two")).toEqual([]);
  await mustOnHost("pve", "systemctl start daily-backup", { timeoutMs: 1_200_000 });
  expect(await me.must("npx holdfast status")).toContain("All is well");
  await me.must("npx holdfast roll-back --host pve --job nfs-mirror");
  expect((await liveOnHost()).get("nfs-mirror")).toBe(before.get("nfs-mirror"));
  expect(await mirrored("three")).toEqual([]);
});

test("taken away by today's, nothing is left but the copies", async () => {
  await me.destroy();
  expect(await me.left()).toEqual({ copies: "one\nthree\ntwo\n", untouched: true, units: "" });
});
