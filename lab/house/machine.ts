import { mustOnHost } from "../hosts";

/** The node of the house's cluster: a virtual machine on `pve`, as the stand-ins for Proxmox's programs know one. */
export const machine = { id: 101, name: "k8s-1", sizeMib: 16 } as const;

/** The thin volume of its disk; of a VM with another id, that one's. */
export function diskOf(id: number = machine.id): string {
  return `vm-${id}-disk-0`;
}

/** Makes the machine, off, with a file system that has files on its disk; one that is there already stays as it is. */
export async function makeMachine(): Promise<void> {
  const { id, name, sizeMib } = machine;
  const folder = "/etc/pve/nodes/pve/qemu-server";
  await mustOnHost(
    "pve",
    `set -e
[ ! -e ${folder}/${id}.conf ] || exit 0
lvcreate -qq -V ${sizeMib}M -T pve/data -n ${diskOf()}
mke2fs -q -t ext4 -E nodiscard -L ${name} -d /usr/share/zoneinfo/Europe /dev/pve/${diskOf()}
mkdir -p ${folder}
cat >${folder}/${id}.conf <<'END'
name: ${name}
memory: 2048
net0: virtio=BC:24:11:00:00:01,bridge=vmbr0
scsi0: data:${diskOf()},size=${sizeMib}M
END`,
  );
}
