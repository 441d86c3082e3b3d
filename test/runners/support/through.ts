import type { Far } from "./far";

/** Program that takes so many bytes of a connection and ends. `dd` counts reads, however short, and `head` keeps a buffer back. */
export const first = (bytes: number): string => `stdbuf --output=0 head --bytes=${bytes}`;

/** What the host sends goes through a program of the destination's first. */
export function through(far: Far, pump: string): void {
  const pipe = `${far.tree}/.pipe.$$`;
  far.shadow(`mkfifo ${pipe}; exec 3<&0 4<>${pipe} 5>${pipe} 6<${pipe} 4>&-; rm ${pipe}
${pump} <&3 >&5 2>/dev/null 6<&- & pump=$!
exec 3<&- 5>&-
REAL --server --daemon --config=CONFIG . <&6
s=$?; kill $pump 2>/dev/null; exit $s`);
}
