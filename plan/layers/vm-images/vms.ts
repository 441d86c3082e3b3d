import { datasetId } from "../../datasets";
import { exceptVolumes } from "../../estate/except-volumes";
import type { Estate } from "../../estate/schema";
import type { DatasetSpec } from "../../estate/services";

/** A VM that a service has on a host. */
export interface HostVm {
  readonly dataset: string;
  readonly spec: Extract<DatasetSpec, { kind: "vm" }>;
  readonly at: readonly PropertyKey[];
}

/** Every VM that the estate has on a host: a cluster's nodes first, as most of what runs there waits for them. */
export function vmsOf(host: string, estate: Estate): HostVm[] {
  const vms = exceptVolumes(estate).flatMap(({ service, index, spec }): HostVm[] =>
    spec.kind === "vm" && spec.host === host
      ? [
          {
            dataset: datasetId(`${service}/${spec.name ?? service}`),
            spec,
            at: ["services", service, "data", index],
          },
        ]
      : [],
  );
  const isNode = ({ spec }: HostVm): boolean => spec.cluster !== undefined;
  return [...vms.filter(isNode), ...vms.filter(vm => !isNode(vm))];
}

/** Those of them that somebody wants an image of. */
export function wantedVmsOf(host: string, estate: Estate): HostVm[] {
  return vmsOf(host, estate).filter(({ spec }) => !spec.unprotected);
}
