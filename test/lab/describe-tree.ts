import { mustOnHost } from "../../lab/hosts";
import type { HouseClaim } from "../../lab/house/claims";
import { inVolume } from "../../lab/night/in-volume";

/**
 * Type, mode, owner, time, size, number of names, link target, content, ACL and attributes of each entry below a folder of `pve`,
 * which names are one file, and which files have holes. The root's own time is left out.
 */
export function describeTree(path: string): Promise<string> {
  return mustOnHost("pve", describe(path), { timeoutMs: 1_200_000 });
}

/** The same of a volume, while it is mounted for that. */
export function describeVolume(claim: HouseClaim): Promise<string> {
  return inVolume(claim, describe("."), "ro");
}

function describe(path: string): string {
  return `(set -e; cd ${path}
stat -c '%F %a %u:%g' .
find . -mindepth 1 -name lost+found -prune -o -mindepth 1 -printf '%P %y %m %U:%G %T@ %s %n %l\\0' | sort -z | tr '\\n\\0' '?\\n'
find . -type f -print0 | sort -z | xargs -0 -r sha256sum
find . -type f -links +1 -printf '%i %P\\n' | sort | awk '{ printf "%s%s", ($1 == last ? " = " : "\\n"), $2; last = $1 }'
find . -type f -size +1M -printf '%P %b %s\\n' | awk '{ print $1, ($2 * 512 < $3 / 2 ? "has holes" : "is whole") }' | sort
getfacl -R -n -P . | grep -v '^# file: lost'
find . ! -name lost+found -print0 | sort -z | xargs -0 getfattr -P -h -d -m - -e hex --)`;
}
