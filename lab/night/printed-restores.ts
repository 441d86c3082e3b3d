import { mustOnHost } from "../hosts";
import { claims, type HouseClaim } from "../house/claims";
import { estate } from "../stacks/lab/estate";
import { parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { directory, volume } from "../../stacks/builders";

/** What `holdfast lose` prints for the house's services. */

/** A volume whose names and attributes trip careless programs, and one with a database. */
export const [files, database] = ["nextcloud/html", "vaultwarden/data"].map(claimCalled) as [
  HouseClaim,
  HouseClaim,
];

function claimCalled(called: string): HouseClaim {
  const claim = claims.find(({ namespace, name }) => `${namespace}/${name}` === called);
  if (!claim) throw new Error(`the house has no claim ${called}`);
  return claim;
}

/** By service and the jobs by which its copy came, what is printed to restore it. @throws for a copy that isn't there */
export type PrintedRestores = (copy: string) => string;

export function printedRestores(): PrintedRestores {
  const lab = estate();
  const plan = planOf(
    parseEstate({
      ...lab,
      services: {
        ...lab.services,
        files: { ...volume(files.namespace, "64MB", { claim: files.name }), needs: [] },
        database: {
          ...volume(database.namespace, "64MB", { claim: database.name, holds: "sqlite" }),
          needs: [],
        },
        tree: directory("/srv/nfs/nasty", "64MB"),
      },
    }),
  );
  const printed = new Map(
    plan.copies.map(copy => {
      const folder = copy.location.path.includes("/sqlite-backup/") ? " sqlite" : "";
      const jobs = copy.way.jobs.map(({ name }) => name).join(" ");
      return [`${copy.dataset.service}: ${jobs}${folder}`, restoreText(restoreSteps(copy))];
    }),
  );
  return copy => {
    const text = printed.get(copy);
    if (text === undefined)
      throw new Error(`nothing is printed for ${copy}: ${[...printed.keys()].join("; ")}`);
    return text;
  };
}

/** Pastes what is printed into root's shell. @returns what it said */
export function paste(text: string): Promise<string> {
  return mustOnHost("pve", "bash --norc -e 2>&1", { input: text, timeoutMs: 1_800_000 });
}
