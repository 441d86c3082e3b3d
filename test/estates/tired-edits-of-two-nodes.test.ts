import { EstateInvalid, type EstateInput, parseEstate, planOf } from "../../plan";
import { runChecks } from "../../checks";
import { estate } from "../../templates/two-nodes/estate";
import { editAt } from "./edit-at";
import { asOfMs } from "./found";

type Edit = readonly [at: string, to: unknown];

const offsite = (index: number): string => `layers > offsite-sync > ${index} > legs > 0 > to`;

/** Slips between two hosts that are alike: each is one thing to mend, and this one. */
const edits: readonly (readonly [what: string, answer: string, ...edits: Edit[]])[] = [
  [
    "the second host's images of the first",
    'estate.layers["vm-images"][1].host: "pve1" has two jobs named vm-images: a host has one of each layer. Expected "pve2"',
    ["layers > vm-images > 1 > host", "pve1"],
  ],
  [
    "the second host's run off the site for the first",
    'estate.layers["offsite-sync"][1].host: "pve1" has two jobs',
    ["layers > offsite-sync > 1 > host", "pve1"],
  ],
  [
    "the second host's configuration of the first",
    'estate.services["pve2-host"].data[0].host: "pve1"',
    ["services > pve2-host > data > 0 > host", "pve1"],
  ],
  [
    "the pool of a host on its backup disk",
    'estate.hosts.pve2.pools.data.disk: "sda"',
    ["hosts > pve2 > pools > data > disk", "sda"],
  ],
  [
    "one host's address outside for another's",
    'estate.monitoring.deadMan.hosts.pve1: "silence-pve2"',
    ["monitoring > deadMan > hosts > pve1", "silence-pve2"],
  ],
  [
    "a host's copies in another's folder",
    "routes/legs-crossed offsite-sync-backup@pve2",
    [offsite(1), "/Backup/pve1"],
  ],
  [
    "two hosts' copies in each other's folders",
    "routes/legs-crossed offsite-sync-backup@pve1",
    [offsite(0), "/Backup/pve2"],
    [offsite(1), "/Backup/pve1"],
  ],
  [
    "a host at the site of its copies",
    "routes/no-route-off-site parents",
    ["hosts > pve2 > site", "parents"],
  ],
];

test.each(edits.map(([what, answer, ...changes]) => ({ what, answer, changes })))(
  "$what is answered by $answer alone",
  ({ answer, changes }) => {
    const edited = { waivers: [], statements: [], ...structuredClone(estate) } as EstateInput;
    for (const [at, to] of changes) editAt(edited, at, to);
    const told = toldOf(edited);
    expect(told).toHaveLength(1);
    expect(told[0]?.startsWith(answer)).toBe(true);
  },
);

/** Faults of what is refused, and errors of the rest that follow from no other. */
function toldOf(edited: EstateInput): string[] {
  try {
    return runChecks(planOf(parseEstate(edited)), asOfMs)
      .filter(({ severity, follows }) => severity === "error" && follows === undefined)
      .map(({ code, subject }) => `${code} ${subject}`);
  } catch (error) {
    if (!(error instanceof EstateInvalid)) throw error;
    return error.faults.map(({ path, value, problem }) => `${path}: ${value} ${problem}`);
  }
}
