import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import type { Versions } from "../../plan/contracts/versions";
import { Refusal } from "../runtime/errors";
import { momentText } from "../runtime/moment";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import type { Answer, ListRequest, RestoreRequest, WayContext, Ways } from "../runtime/ways";
import { comeBy, mostSkewMs } from "./come";
import { deleteSnapshots } from "./delete";
import { factsOf } from "./facts-of";

type Context = WayContext<NasSnapshotsConfig>;

/** What an operator may ask of the snapshots. */
export const ways: Ways<NasSnapshotsConfig> = {
  list: {
    usage: "",
    does: "the share's snapshots with their ages, what the NAS says it keeps, and how full it is",
    run: list,
  },
  versions,
  restore: {
    usage: "PATH",
    does: "print the steps that bring a path of the share back from a snapshot; this host's account may do none of them",
    words: [1, 1],
    run: restore,
  },
  delete: {
    usage: "NAME...",
    does: "delete snapshots by name, never the last ones; where this host's account may not, print the step",
    run: deleteSnapshots,
  },
};

async function list({ what }: ListRequest, context: Context): Promise<Answer> {
  const { config } = context;
  if (what !== undefined)
    throw new Refusal(`list takes no ${quoted(what)}: this job has one share`, shell`${config.job} list`);
  const { facts, nasMs } = await factsOf(context);
  const { snapshots, unknownLines, keepDays, policy, volume, share, pinnedBytes } = facts;
  const lines = [
    ...snapshots.map(({ name, atMs }) => `${name}  ${momentText(atMs)}  ${age(nasMs - atMs)}`),
    `${snapshots.length} snapshots of ${config.nas.share} on ${config.nas.name}`,
    ...unknownLines.map(line => `no snapshot's name: ${quoted(line)}`),
    `removed after: ${keepDays === undefined ? "it doesn't say" : `${keepDays} d`}${policy === undefined ? "" : `; its policy: ${policy}`}`,
    ...(volume ? [`volume: ${volume.freeBytes} of ${volume.sizeBytes} bytes free`] : []),
    ...(share
      ? [
          `share: ${share.usedBytes} bytes${share.quotaBytes === undefined ? ", no quota" : ` of ${share.quotaBytes}`}`,
        ]
      : []),
    ...(pinnedBytes === undefined ? [] : [`held by single snapshots alone: ${pinnedBytes} bytes`]),
  ];
  return { text: lines.join("\n"), result: facts };
}

async function versions(context: Context): Promise<Versions> {
  const { facts, nasMs } = await factsOf(context);
  const versions = comeBy(facts.snapshots, nasMs).map(({ atMs }) => ({
    ...{ of: `/${context.config.nas.share}`, at: momentText(atMs), lacks: [] },
    pick: ["--at", momentText(atMs)],
  }));
  return { versions };
}

function age(ms: number): string {
  const hours = ms / 3_600_000;
  if (ms < -mostSkewMs) return "of a time that hasn't come: it counts for nothing";
  return hours < 72 ? `${hours.toFixed(1)} h old` : `${(hours / 24).toFixed(1)} d old`;
}

/** Which snapshot, from where and to where, for a person with the right to write there. */
async function restore({ what, atMs, into }: RestoreRequest, context: Context): Promise<Answer> {
  const { config } = context;
  const { nas, job } = config;
  const path = pathBelow(config, what[0] ?? "");
  const { facts, nasMs } = await factsOf(context);
  const snapshot = comeBy(facts.snapshots, nasMs)
    .filter(each => atMs === undefined || each.atMs <= atMs)
    .at(-1);
  if (!snapshot)
    throw new Refusal(
      `${nas.share} on ${nas.name} has no snapshot${atMs === undefined ? "" : ` of ${momentText(atMs)} or before`}`,
      shell`${job} list`,
    );
  const from = `${nas.volume}/@sharesnap/${nas.share}/${snapshot.name}/${path}`;
  const to = into ?? `${nas.volume}/${nas.share}/${path}.${snapshot.name}`;
  const steps = [
    shell`ssh -t -p ${nas.port} ${`ADMINISTRATOR@${nas.address}`}`,
    shell`sudo ls -la -- ${from}`,
    // A folder that is there already would be filled, over what it has.
    shell`sudo test ! -e ${to} && sudo cp -a --reflink=auto -T -- ${from} ${to}`,
    shell`sudo diff -r --no-dereference -- ${from} ${to}`,
  ];
  const text = [
    `${quoted(path)} as it was at ${momentText(snapshot.atMs)}, beside what is there now; nothing is overwritten, and the third step copies nothing where something is at its end already:`,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    `It worked when the last of them says nothing. Then move it to its place by hand; the snapshot stays. With DSM's visible snapshots the same is below ${quoted(`${nas.volume}/${nas.share}/#snapshot/${snapshot.name}`)}.`,
  ].join("\n");
  return { text, result: { snapshot: snapshot.name, from, to, steps } };
}

/** A path of the share, as an operator names it: "/Backup/books", or where it lies on the NAS. @throws {Refusal} */
function pathBelow({ nas, job }: NasSnapshotsConfig, typed: string): string {
  const plain = typed.replace(/\/+$/, "");
  const root = [`${nas.volume}/${nas.share}/`, `/${nas.share}/`].find(above => plain.startsWith(above));
  const path = root === undefined ? "" : plain.slice(root.length);
  if (path !== "" && !path.split("/").some(part => ["", ".", ".."].includes(part))) return path;
  throw new Refusal(
    `${quoted(typed)} is no path of ${nas.share}, expected one such as "/${nas.share}/books"`,
    shell`${job} restore ${`/${nas.share}/books`}`,
  );
}
