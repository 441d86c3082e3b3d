import { vmImagesFolder, vmImagesJobName } from "../../contracts/vm-images";
import { parseDuration } from "../../units/duration";
import type { Layer } from "../layer";
import { vmImagesJob } from "./jobs";
import { isLike, vmImagesSpec } from "./spec";
import { vmsOf } from "./vms";

/** Images of a host's virtual machines on its backup disk. */
export const vmImages: Layer<"vm-images", typeof vmImagesSpec> = {
  name: "vm-images",
  summary: "Images of a host's VMs on its backup disk",
  spec: vmImagesSpec,
  gives: [],
  begins: ({ host, target, kinds, receiver }) =>
    kinds.has("vm")
      ? {
          ...{ host, target, schedule: { onCalendar: "*-*-* 16:00:00" }, keep: { count: 2, every: "week" } },
          ...{ usualRun: "20min", budget: "3h", promise: { rpo: "29h" }, alert: { receiver } },
        }
      : undefined,
  runs: part => [
    {
      ...{ ...part, job: vmImagesJobName, at: [] },
      keeps: { target: part.target, generations: [{ folder: vmImagesFolder, depth: 1 }] },
    },
  ],
  references({ host, target, without, withoutDisks, budget, vmBudget }, at, look, estate) {
    look.backupMount([...at, "target"], host, target);
    if (vmBudget !== undefined && parseDuration(vmBudget) > parseDuration(budget))
      look.fault(
        [...at, "vmBudget"],
        vmBudget,
        `is longer than the budget (${budget}): one VM that hangs takes the night of all others. Expected less, e.g. a third of the budget`,
      );
    const vms = vmsOf(host, estate);
    const ids = vms.map(({ spec }) => spec.id);
    for (const [index, { spec, at: vm }] of vms.entries())
      if (ids.indexOf(spec.id) < index)
        look.fault([...vm, "id"], spec.id, `is there twice on host ${host}. Each VM is one dataset`);
    for (const [index, { name }] of withoutDisks.entries()) {
      const own = ids.find(id => isLike(`vm-${id}-disk-0`, name));
      if (own !== undefined)
        look.fault(
          [...at, "withoutDisks", index, "name"],
          name,
          `stands for the first disk of VM ${own}, which a service has: an image without it would be told by nobody. Expected the disks that are left out on purpose, e.g. "vm-${own}-disk-1"`,
        );
    }
    for (const [index, { id }] of without.entries())
      if (ids.includes(id))
        look.fault(
          [...at, "without", index, "id"],
          id,
          "is a VM that a service has. Remove it here; where no image is wanted, its dataset is unprotected",
        );
  },
  jobs: (part, estate) => [vmImagesJob(part, estate)],
};
