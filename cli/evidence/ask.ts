import { createHash } from "node:crypto";
import { type Chain, chainOfAll, drillState, type RecordsFile } from "../../plan/contracts/drill-record";
import { addTo } from "../../plan/add-to";
import { shellWord } from "../../plan/contracts/shell-word";
import { type Asked, askJobs, saidAs, soon } from "../ask-jobs";
import type { Driller } from "../../plan/graph/drilled";
import type { Drills } from "../../plan/job";
import { formatSize } from "../../plan/units/size";
import { jsonOf } from "../json";

/** What a host has on record of its drills; or why nobody knows. */
export type Told = { readonly chain: Chain; readonly notes: readonly string[] } | { readonly cause: string };

/** A job that drills, as people are told of its records: by its host, which has one, or by its name in a cluster. */
export function whose({ job: { host, called, runsOn } }: Pick<Driller, "job">): string {
  return runsOn.kind === "host" ? host : called;
}

/** More isn't read of one file: a thousand drills have some 600 kB. */
const mostBytes = 32 * 2 ** 20;

/** A job that drills, and what it has on record. */
export interface Recorded {
  readonly driller: Driller;
  readonly told: Told;
}

/**
 * Reads the records of all jobs by connections that change nothing. Of one host one after the other: it has a job for each dump that is
 * drilled, and an sshd lets go of those beyond ten that aren't let in yet (MaxStartups).
 */
export async function recordsOf(asked: Asked, drillers: readonly Driller[]): Promise<Recorded[]> {
  const byHost = new Map<string, Driller[]>();
  for (const driller of drillers) addTo(byHost, recordsHost(driller), driller);
  const all = await Promise.all([...byHost.values()].map(async own => recordsOfHost(asked, own)));
  const told = new Map(all.flat().map(each => [each.driller, each]));
  return drillers.flatMap(driller => told.get(driller) ?? []);
}

async function recordsOfHost(asked: Asked, drillers: readonly Driller[]): Promise<Recorded[]> {
  const all: Recorded[] = [];
  let away: { readonly cause: string } | undefined;
  for (const driller of drillers) {
    // One that isn't reached isn't waited for again.
    const answer = away ?? (await askedOf(asked, driller));
    if ("cause" in answer) away = answer;
    all.push({ driller, told: "first" in answer ? toldIn(answer.first, driller) : answer });
  }
  return all;
}

/** Where they lie: those of a job in a cluster beside the dumps, on the host that keeps these. */
export function recordsHost({ job, drills: { kept } }: Driller): string {
  return kept?.host ?? job.host;
}

type Answer = Awaited<ReturnType<typeof askJobs>>;

async function askedOf(asked: Asked, driller: Driller): Promise<Answer> {
  const { records, state, kept } = driller.drills;
  const paths = [...records, state];
  const first = [
    ...paths.map((file, index) => readCommand(file, index, kept)),
    // Told last: a host that was cut off meanwhile has told less than all.
    'echo "all 1"',
  ].join("; ");
  return askJobs(asked, recordsHost(driller), [], () => ":", first);
}

/** They are judged here: its own program's word isn't taken for it. */
function toldIn(lines: readonly string[], driller: Driller): Told {
  const { records, state } = driller.drills;
  const paths = [...records, state];
  const large = paths.find((_, index) => saidAs(`large${index}`, lines).length > 0);
  if (large !== undefined)
    return {
      cause: `${large} has ${formatSize(mostBytes)} or more, which isn't read. Next: docs/evidence.md says how records are begun anew`,
    };
  const parts = paths.map((_, index) => partIn(saidAs(`part${index}`, lines)));
  const unread = paths.find((_, index) => parts[index] === undefined);
  if (unread !== undefined || saidAs("all", lines).length === 0) {
    const file = unread ?? state;
    return { cause: `${file} couldn't be read. Next: on ${recordsHost(driller)}, ls -l ${shellWord(file)}` };
  }
  const parsed = drillState.safeParse(jsonOf(parts.at(-1) ?? ""));
  const files = records.map((file, index): RecordsFile => ({ file, text: parts[index] ?? "" }));
  const chain = chainOfAll(files, parsed.success ? parsed.data.lastRecord : 0, sha256);
  return {
    chain,
    notes: [
      ...files.flatMap(({ file, text }) =>
        text === "" && chain.records.length > 0
          ? [`${file} isn't there: the records were held against nothing but themselves`]
          : [],
      ),
      ...(parsed.success || chain.records.length === 0
        ? []
        : [
            `${state} doesn't say which record was the last: whether some are missing at the end isn't known`,
          ]),
    ],
  };
}

/**
 * A file that isn't there is an empty one; one that can't be read, or looked for, or has more than all records ever will, is told by no line.
 * @param kept below whose folder somebody else may have made anything of it, a link to what root alone reads too: it is read as that one
 */
function readCommand(file: string, index: number, kept: Drills["kept"]): string {
  const from = kept ? `cd -- ${shellWord(kept.below)} && ` : "";
  const as = kept ? `setpriv --reuid=${kept.uid} --regid=${kept.uid} --clear-groups --no-new-privs ` : "";
  const word = shellWord(kept ? file.slice(kept.below.length + 1) : file);
  const read = (bytes: number): string => `${as}${soon} head --bytes=${bytes} -- ${word}`;
  const whole = `text=$(${read(mostBytes)} | base64 --wrap=0) && if [ "\${#text}" -lt ${Math.floor((mostBytes * 4) / 3)} ]; then echo "part${index} $text"; else echo "large${index} 1"; fi`;
  const absent = `case "$said" in *": No such file or directory") echo "part${index} ";; esac`;
  return `(${from}{ if said=$(${read(1)} 2>&1 >/dev/null); then ${whole}; else ${absent}; fi; })`;
}

function partIn([encoded]: readonly string[]): string | undefined {
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString();
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
