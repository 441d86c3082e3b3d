import type { Plan } from "../plan";
import type { Accepted } from "../plan/contracts/accepted";
import type { Path } from "../plan/estate/lookup";
import type { Job } from "../plan/job";

/** An entry that a job doesn't fail for when it can't be copied. */
export interface AcceptedEntry extends Accepted {
  readonly job: Job;
  /** Where the estate says so. */
  readonly at: Path;
  /** Services of which it is all of a dataset. */
  readonly services: readonly string[];
}

/** What the jobs of an estate may leave out without failing. */
export function acceptedEntries(plan: Plan): AcceptedEntry[] {
  const { layers, services } = plan.estate;
  const all = (
    said: Path,
    entries: readonly Accepted[] = [],
    isAllOf: (data: Data, service: string, path: string) => boolean = () => false,
    within: Path = [],
  ): AcceptedEntry[] => {
    const job = plan.jobs.find(each => each.said.join("\n") === said.join("\n"));
    if (!job) return [];
    return entries.map((entry, index) => ({
      ...entry,
      job,
      at: [...said, ...within, "accepted", index],
      services: Object.entries(services).flatMap(([service, { data }]) =>
        data.some(each => isAllOf(each, service, entry.path.replace(/\/+$/, ""))) ? [service] : [],
      ),
    }));
  };
  return Object.entries(layers).flatMap(([layer, parts]) =>
    parts.flatMap((part, index): AcceptedEntry[] => {
      const said = ["layers", layer, index];
      if ("accepted" in part)
        return all(
          said,
          part.accepted,
          (data, _, path) =>
            data.kind === "tree" && data.host === part.host && data.path === `${part.source}/${path}`,
        );
      const scrubbed = "scrub" in part && part.scrub && "accepted" in part.scrub ? part.scrub.accepted : [];
      return [
        ...all(
          said,
          "volumes" in part ? part.volumes?.accepted : [],
          (data, service, path) =>
            data.kind === "volume" &&
            "host" in part &&
            data.host === part.host &&
            [data.namespace, `${data.namespace}/${data.claim ?? data.name ?? service}`].includes(path),
          ["volumes"],
        ),
        ...all([...said, "scrub"], scrubbed),
      ];
    }),
  );
}

type Data = Plan["estate"]["services"][string]["data"][number];
