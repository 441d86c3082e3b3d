import { parseEstate, planOf } from "../..";
import { lossesOf } from "../../graph/loss";
import { nfsChangeTrackerConfig } from "../../contracts/nfs-change-tracker";
import { nfsMirrorConfig } from "../../contracts/nfs-mirror";
import { type ExampleEstate, exampleWith } from "../../estate/example";
import { releaseFiles } from "../release-files.test-support";

function fileOf(name: string, change: (estate: ExampleEstate) => void = () => undefined): string {
  const job = planOf(parseEstate(exampleWith(change))).jobs.find(each => each.name === "nfs-change-tracker");
  if (!job) throw new Error("the example has no nfs-change-tracker");
  return releaseFiles(job).find(file => file.name === name)?.text ?? "";
}

const watchesOf = (change?: (estate: ExampleEstate) => void) =>
  nfsChangeTrackerConfig.parse(JSON.parse(fileOf("config.json", change))).watches;

test("it is a service that runs all the time, ready once it watches, and started anew when it falls silent", () => {
  const lines = fileOf("nfs-change-tracker.service").split("\n");
  const expected = [
    ...["After=network-online.target srv-nfs.mount", "StartLimitIntervalSec=0"],
    ...["Type=notify", "NotifyAccess=all", "WatchdogSec=180s", "Restart=always"],
    ...["ReadWritePaths=-/var/lib/holdfast/nfs-change-tracker -/var/lib/prometheus/node-exporter"],
    ...["SystemCallFilter=fanotify_init fanotify_mark open_by_handle_at", "WantedBy=multi-user.target"],
  ];
  expect(lines).toEqual(expect.arrayContaining(expected));
  // Else it would hold what the host has unmounted.
  expect(lines).not.toContain("MountFlags=private");
});

test("it keeps what the mirror and the legs off the site are copied by, and nothing of the rest of the folder", () => {
  const watched = {
    root: "/srv/nfs",
    mount: { path: "/srv/nfs", fsUuid: expect.any(String) as string },
    journal: "/var/lib/holdfast/nfs-change-tracker/journal/srv/nfs",
  };
  // The mirror reads all but what it leaves out, of which a leg carries one.
  expect(watchesOf()).toEqual([watched]);
  const mirrored = watchesOf(({ layers }) =>
    layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "ring buffer" }),
  );
  expect(mirrored).toEqual([{ ...watched, without: ["frigate"] }]);
  const alone = watchesOf(({ layers }) => (layers["nfs-mirror"] = []));
  expect(alone).toEqual([{ ...watched, only: ["photos"] }]);
  const all = watchesOf(({ layers }) => {
    layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "ring buffer" });
    layers["offsite-sync"]?.[0]?.legs.push({ from: "/srv/nfs", to: "/Backup/all" });
  });
  expect(all).toEqual([watched]);
  const itself = watchesOf(({ layers }) => {
    const [tracker] = layers["nfs-change-tracker"];
    if (tracker) tracker.watches = ["/srv/nfs/photos"];
  });
  expect(itself).toMatchObject([
    {
      root: "/srv/nfs/photos",
      mount: { path: "/srv/nfs" },
      journal: expect.stringMatching(/srv\/nfs\/photos$/) as string,
    },
  ]);
  expect(itself[0]).not.toHaveProperty("only");
});

test("the mirror of a watched folder copies by its journal, in which it keeps its cursor, and any other compares all", () => {
  const mirrorOf = (change: (estate: ExampleEstate) => void = () => undefined) => {
    const job = planOf(parseEstate(exampleWith(change))).jobs.find(({ name }) => name === "nfs-mirror");
    if (!job) throw new Error("the example has no nfs-mirror");
    const files = releaseFiles(job);
    const text = (end: string): string => files.find(({ name }) => name.endsWith(end))?.text ?? "";
    return { job, unit: text(".service"), config: nfsMirrorConfig.parse(JSON.parse(text("config.json"))) };
  };
  const journal = "/var/lib/holdfast/nfs-change-tracker/journal/srv/nfs";
  const weekMs = 7 * 86_400_000;
  const watched = mirrorOf();
  expect(watched.config.changes).toEqual({ writer: "nfs-change-tracker", journal, compareAllMs: weekMs });
  expect(watched.job).toMatchObject({ journal: { reads: "/srv/nfs" }, flows: [{ unheardWithinMs: weekMs }] });
  expect(watched.unit).toMatch(new RegExp(`^ReadWritePaths=.*-${journal}( |$)`, "m"));
  // Of a part of it nobody knows the rest.
  const narrower = mirrorOf(({ layers }) => {
    const [tracker] = layers["nfs-change-tracker"];
    if (tracker) tracker.watches = ["/srv/nfs/photos"];
  });
  expect(narrower.config).not.toHaveProperty("changes");
  expect(narrower.job.flows[0]).not.toHaveProperty("unheardWithinMs");
  expect(narrower.unit).not.toContain("nfs-change-tracker");
});

test("what the kernel told nobody of counts in a loss: by the way that is counted, within what each leg of it allows", () => {
  const unheardOf = (service: string, change: (estate: ExampleEstate) => void) => {
    const losses = lossesOf(planOf(parseEstate(exampleWith(change))));
    return losses.find(loss => loss.service === service && loss.domain === "site");
  };
  const slowly = ({ layers }: ExampleEstate): void => {
    const [[mirror], [tracker]] = [layers["nfs-mirror"], layers["nfs-change-tracker"]];
    Object.assign(mirror ?? {}, { compareAll: "3d" });
    Object.assign(tracker ?? {}, { reconcile: "5d" });
  };
  const dayMs = 86_400_000;
  // The mirror names what it copies, however it found it; the other leg is sent by what the tracker has heard.
  expect(unheardOf("vault", slowly)).toMatchObject({
    via: expect.arrayContaining(["nfs-mirror", "offsite-sync-backup"]) as string[],
    unheardMs: 3 * dayMs,
  });
  expect(unheardOf("photos", slowly)).toMatchObject({ via: ["offsite-sync-backup"], unheardMs: 5 * dayMs });
  const untold = ({ layers }: ExampleEstate): void => void (layers["nfs-change-tracker"] = []);
  expect(unheardOf("vault", untold)).not.toHaveProperty("unheardMs");
});
