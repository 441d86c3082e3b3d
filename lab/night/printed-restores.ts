import { execa } from "execa";
import { mustOnHost } from "../hosts";
import { claims, type HouseClaim } from "../house/claims";
import { operatorEnvironment } from "../kubectl";
import { inNamespace } from "../namespace";
import { estate } from "../stacks/lab/estate";
import { parseEstate, planOf } from "../../plan";
import type { Copy } from "../../plan/graph/copies";
import { type RestoreStep, restoreSteps, restoreText } from "../../plan/graph/restore-steps";
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
export type PrintedRestores = (copy: string) => readonly RestoreStep[];

export function printedRestores(): PrintedRestores {
  const copies = copiesOfHouse();
  return copy => restoreSteps(copies(copy));
}

/** By the same words, the copy. @throws for one that isn't there */
export function copiesOfHouse(): (copy: string) => Copy {
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
  const found = new Map(
    plan.copies.map(copy => {
      const folder = copy.location.path.includes("/sqlite-backup/") ? " sqlite" : "";
      const jobs = copy.way.jobs.map(({ name }) => name).join(" ");
      return [`${copy.dataset.service}: ${jobs}${folder}`, copy];
    }),
  );
  return called => {
    const copy = found.get(called);
    if (copy === undefined)
      throw new Error(`nothing is printed for ${called}: ${[...found.keys()].join("; ")}`);
    return copy;
  };
}

/** Pastes what is printed where it says: into root's shell on the host, or, for a cluster, into an operator's. @returns what it said */
export async function paste(steps: readonly RestoreStep[]): Promise<string> {
  const elsewhere = steps.findIndex(({ where }) => where.kind !== steps[0]?.where.kind);
  const [here, rest] = elsewhere < 0 ? [steps, []] : [steps.slice(0, elsewhere), steps.slice(elsewhere)];
  const text = restoreText(here);
  const said = here[0]?.where.kind === "cluster" ? await asOperator(text) : await asRoot(text);
  return rest.length === 0 ? said : `${said}${await paste(rest)}`;
}

const timeoutMs = 1_800_000;

const asRoot = (text: string): Promise<string> =>
  mustOnHost("pve", "bash --norc -e 2>&1", { input: text, timeoutMs });

async function asOperator(text: string): Promise<string> {
  const [program = "", ...args] = inNamespace(["bash", "--norc", "-e"]);
  const { all } = await execa(program, args, {
    ...{ input: text, all: true, timeout: timeoutMs },
    env: await operatorEnvironment(),
  });
  return all;
}
