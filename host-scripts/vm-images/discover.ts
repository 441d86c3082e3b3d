import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isPeriodName } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import { newestMs } from "./image";
import { listVms } from "./proxmox";
import { nameOf, rootOf, type VmImages } from "./vm-images";

/** Which VMs this host has: of those that it lacks, vzdump would make no image and say that all is well. */
export const discover: Phase<VmImages> = {
  name: "discover",
  async run(run) {
    const { config, stop, log, notes, outcomes, dryRun } = run;
    const host = await listVms(config.job, stop.signal);
    run.host = host;
    const ids = new Set(host.map(({ id }) => id));
    for (const vm of config.vms)
      if (!ids.has(vm.id))
        outcomes.set(vm.id, {
          kind: "failed",
          reason: "it isn't on this host",
          next: shell`pvesh get /cluster/resources --type vm   (then correct its id or its host in the estate)`,
        });
    const named = new Set([...config.vms.map(({ id }) => id), ...config.without]);
    run.unnamed = host.filter(({ id }) => !named.has(id));
    if (run.unnamed.length > 0)
      notes.push(
        `no image is made of ${run.unnamed.map(({ id, name }) => `VM ${id} (${name})`).join(", ")}, which the estate doesn't name. Make each a dataset of kind "vm" of a service, or list it in "without"`,
      );
    tellForgotten(run);
    if (dryRun)
      for (const vm of config.vms.filter(({ id }) => ids.has(id)))
        log.info(`would make an image of ${nameOf(vm)}: ${ageOf(newestMs(config, vm.id))}`);
  },
};

/** Images of a VM that the estate no longer names are nobody's to remove. */
function tellForgotten({ config, notes }: VmImages): void {
  const root = rootOf(config);
  if (!existsSync(root)) return;
  const named = new Set(config.vms.map(({ id }) => String(id)));
  const others = readdirSync(root)
    .filter(isPeriodName)
    .flatMap(period => entriesOf(join(root, period)))
    .filter(id => !named.has(id));
  if (others.length > 0)
    notes.push(
      `images of VM ${[...new Set(others)].sort().join(", ")} are kept, of which no more are made. When nobody wants them: ${shell`ls -d ${root}/*/${others[0] ?? ""}`}`,
    );
}

/** None of what the disk doesn't show, or of a file that is called like a period. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function ageOf(begunMs: number): string {
  return begunMs === 0 ? "it has none" : `its newest was begun at ${new Date(begunMs).toISOString()}`;
}
