import { readdirSync, readFileSync } from "node:fs";

/**
 * A processor of this machine for each host that is about to boot: those to which the fewest are bound.
 *
 * A host's kernel and its programs are processes here, which hand each system call to each other and have but one
 * processor's work to do. In `perl -e 'lstat "/" for 1..100000'` on two virtual processors a call takes 47 microseconds
 * unbound, as each of the two wakes the other one up elsewhere, and 8 bound.
 * @param bound how many hosts of any lab are bound to each processor
 */
export function spreadHosts<Host>(hosts: readonly Host[], bound = boundHosts()): [Host, number][] {
  const counts = new Map(bound);
  return hosts.map(host => {
    const [[processor, count] = [0, 0]] = [...counts].sort(([, one], [, other]) => one - other);
    counts.set(processor, count + 1);
    return [host, processor];
  });
}

/** How many booted hosts are bound to each of the processors that this process may use. */
export function boundHosts(): ReadonlyMap<number, number> {
  const counts = new Map(processorsOf("self").map(processor => [processor, 0]));
  for (const pid of readdirSync("/proc").filter(entry => /^\d+$/.test(entry))) {
    if (read(`/proc/${pid}/comm`) !== "linux.uml\n") continue;
    const [processor = -1, ...more] = processorsOf(pid);
    const count = counts.get(processor);
    if (count !== undefined && more.length === 0) counts.set(processor, count + 1);
  }
  return counts;
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
