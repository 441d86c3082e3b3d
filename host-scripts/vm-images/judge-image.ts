import { type VmImagesConfig, vmImagesJobName } from "../../plan/contracts/vm-images";
import { isLess } from "../runtime/collapse";
import { quoted } from "../runtime/quoted";
import { saidWhere } from "../runtime/said-where";
import { ready, shell } from "../runtime/shell";
import type { GoodImage, Image } from "./image";
import { ImageFailed, nameOf, type Vm } from "./vm-images";

/** @throws {ImageFailed} for an image that can't be what vzdump was asked for */
export function refuseUnfinished(image: Image | undefined, vm: Vm, printed: string): asserts image is Image {
  if (image === undefined)
    throw new ImageFailed(
      `vzdump ended with 0 and left no image of ${nameOf(vm)}${printed === "" ? "" : `: ${printed}`}`,
      shell`qm status ${vm.id}; pvesh get /cluster/resources --type vm   (a VM that was moved has another host in the estate)`,
    );
  const next = shell`qm config ${vm.id}; ${ready(saidWhere(vmImagesJobName))}`;
  if (!image.log.isFinished)
    throw new ImageFailed(`vzdump's own log beside the image doesn't say that it finished it`, next);
  if (image.log.errors.length > 0)
    throw new ImageFailed(`vzdump's own log has an error: ${image.log.errors[0]}`, next);
  if (image.foreign.length > 0)
    throw new ImageFailed(`vzdump left ${quoted(image.foreign[0] ?? "")} beside the image`, next);
  // Firmware's variables and TPM state are no data of the VM's.
  if (image.log.included.every(({ key }) => /^(?:efidisk|tpmstate)\d+$/.test(key)))
    throw new ImageFailed(
      "no disk of it is in the image",
      shell`qm config ${vm.id}   (a disk with backup=0 is in no image: qm set ${vm.id} --DISK …,backup=1)`,
    );
}

/**
 * What an image has lost of the last one, in words; undefined where nothing is unusual. It is whole: whoever knows that the VM is
 * meant to be so takes it.
 */
export function collapseOf(
  { bytes, log }: Image,
  last: GoodImage | undefined,
  { leastPercent, mostPercent }: VmImagesConfig["size"],
): string | undefined {
  if (!last) return undefined;
  // Proxmox gives the id of a VM that is gone to the next new one.
  if (log.name !== last.log.name && last.log.name !== undefined)
    return `it is called ${log.name ?? "nothing"} now, and ${last.log.name} in its last image: is it another VM under the same id?`;
  const keys = new Set(log.included.map(({ key }) => key));
  const gone = last.log.included.filter(({ key }) => !keys.has(key)).map(({ key }) => key);
  if (gone.length > 0) return `the disk ${gone.join(", ")} is in its last image and not in this one`;
  const sizes = `its image has ${bytes} bytes, the last one ${last.bytes}`;
  if (isLess(bytes, last.bytes, leastPercent)) return `${sizes}: was the VM emptied?`;
  if (bytes > (mostPercent / 100) * last.bytes) return `${sizes}: was the VM encrypted?`;
  return undefined;
}
