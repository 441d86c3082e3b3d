import type { Flow, Job, Location } from "../job";
import type { Plan } from "..";

/** The disks that a job reads and writes, as "host/disk"; a destination, which is one failure domain, by its name. */
export function disksOf(job: Job, plan: Plan): string[] {
  const copied = job.flows.flatMap(flow => [flow.target, ...sourcesOf(flow, job, plan)]);
  const places = [...copied, ...(job.reads ?? [])];
  return [...new Set(places.map(diskOf).filter(disk => disk !== undefined))].sort();
}

function sourcesOf({ source }: Flow, job: Job, plan: Plan): Location[] {
  switch (source.kind) {
    case "tree":
      return [source.location];
    case "volumes": {
      const disk = plan.estate.hosts[source.host]?.pools[source.pool]?.disk;
      const machine = { kind: "host", name: source.host } as const;
      return [{ machine, path: `pool:${source.pool}`, ...(disk === undefined ? {} : { disk }) }];
    }
    case "copies-of":
      return plan.jobs
        .filter(other => other.name === source.job && other.host === job.host)
        .flatMap(other => other.flows.map(flow => flow.target));
    case "dataset":
      return plan.datasets.filter(({ id }) => id === source.id).map(({ location }) => location);
  }
}

function diskOf({ machine, disk }: Location): string | undefined {
  if (machine.kind === "destination") return machine.name;
  return machine.kind === "host" && disk !== undefined ? `${machine.name}/${disk}` : undefined;
}
