import { createHash } from "node:crypto";
import { type Chain, chainOfBoth, drillState, type RecordsFile } from "../../plan/contracts/drill-record";
import { shellWord } from "../../plan/contracts/shell-word";
import { type Asked, askJobs, saidAs, soon } from "../ask-jobs";
import type { Driller } from "../../plan/graph/drilled";
import { jsonOf } from "../json";

/** What a host has on record of its drills; or why nobody knows. */
export type Told = { readonly chain: Chain; readonly notes: readonly string[] } | { readonly cause: string };

/** Reads a host's records by one connection that changes nothing. They are judged here: its own program's word isn't taken for it. */
export async function recordsOn(asked: Asked, { job, drills }: Driller): Promise<Told> {
  const [own, disk] = drills.records;
  const first = [
    ...[own, disk, drills.state].map((file, index) => readCommand(file, index)),
    // Told last: a host that was cut off meanwhile has told less than all.
    'echo "all 1"',
  ].join("; ");
  const answer = await askJobs(asked, job.host, [], () => ":", first);
  if ("cause" in answer) return answer;
  const parts = [0, 1, 2].map(index => partIn(saidAs(`part${index}`, answer.first)));
  const unread = [own, disk, drills.state].find((_, index) => parts[index] === undefined);
  if (unread !== undefined || saidAs("all", answer.first).length === 0)
    return {
      cause: `${unread ?? own} couldn't be read. Next: on ${job.host}, ls -l ${shellWord(unread ?? own)}`,
    };
  const [ownText = "", diskText = "", state = ""] = parts;
  const parsed = drillState.safeParse(jsonOf(state));
  const files: [RecordsFile, RecordsFile] = [
    { file: own, text: ownText },
    { file: disk, text: diskText },
  ];
  const chain = chainOfBoth(files, parsed.success ? parsed.data.lastRecord : 0, sha256);
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
            `${drills.state} doesn't say which record was the last: whether some are missing at the end isn't known`,
          ]),
    ],
  };
}

/** A file that isn't there is an empty one; one that can't be read, or looked for, is told by no line. */
function readCommand(file: string, index: number): string {
  const word = shellWord(file);
  const absent = `case "$text" in *": No such file or directory") echo "part${index} ";; esac`;
  return `if text=$(${soon} base64 --wrap=0 -- ${word} 2>&1); then echo "part${index} $text"; else ${absent}; fi`;
}

function partIn([encoded]: readonly string[]): string | undefined {
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString();
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
