import { readdirSync, readFileSync } from "node:fs";

/**
 * A processor of this machine for each host that is about to boot: those to which the least is bound. A host counts by its memory, as one that
 * has much to do has much of that: the NAS waits most of the time, and a node of the cluster shares a processor with it sooner than with the Proxmox host.
 *
 * A host's kernel and its programs are processes here, which hand each system call to each other and have but one
 * processor's work to do. In `perl -e 'lstat "/" for 1..100000'` on two virtual processors a call takes 47 microseconds
 * unbound, as each of the two wakes the other one up elsewhere, and 8 bound.
 * @param bound MiB of memory of the hosts of any lab that are bound to each processor
 */
export function spreadHosts<Host>(
  hosts: readonly Host[],
  memoryMib: (host: Host) => number,
  bound = boundMib(),
): [Host, number][] {
  const sums = new Map(bound);
  return hosts.map(host => {
    const [[processor, sum] = [0, 0]] = [...sums].sort(([, one], [, other]) => one - other);
    sums.set(processor, sum + memoryMib(host));
    return [host, processor];
  });
}

/** How much memory the booted hosts have that are bound to each of the processors which this process may use. */
export function boundMib(): ReadonlyMap<number, number> {
  const sums = new Map(processorsOf("self").map(processor => [processor, 0]));
  for (const pid of readdirSync("/proc").filter(entry => /^\d+$/.test(entry))) {
    if (read(`/proc/${pid}/comm`) !== "linux.uml\n") continue;
    const [processor = -1, ...more] = processorsOf(pid);
    const memoryMib = Number(/\0mem=(\d+)M\0/.exec(read(`/proc/${pid}/cmdline`))?.[1] ?? 0);
    const sum = sums.get(processor);
    if (sum !== undefined && more.length === 0) sums.set(processor, sum + memoryMib);
  }
  return sums;
}

/** Processors that a process may run on; none when it has just ended. */
function processorsOf(pid: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return list === undefined ? [] : parseList(list);
}

/** "0-2,5" of the kernel: cpuset(7), "List format". */
export function parseList(list: string): number[] {
  return list.split(",").flatMap(range => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
