import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the stand-in's API does wrong. */
export const apiFaults = [
  "none",
  "truncated-xml",
  "html",
  "stall",
  "drip",
  "shell-error",
  "no-config",
] as const;
/** What its tar does wrong. */
export const tarFaults = ["none", "cut", "stall", "lacks-members", "vanished-file", "fails"] as const;

export interface Faults {
  readonly api: (typeof apiFaults)[number];
  readonly tar: (typeof tarFaults)[number];
}

/** Faults are files, so that another process can switch them. */
export function switchFaults(folder: string, faults: Partial<Faults>): void {
  for (const [name, fault] of Object.entries(faults)) {
    const file = join(folder, "faults", name);
    writeFileSync(`${file}.part`, fault);
    renameSync(`${file}.part`, file);
  }
}

export function apiFault(folder: string): Faults["api"] {
  const text = readFileSync(join(folder, "faults", "api"), "utf8");
  return apiFaults.find(fault => fault === text) ?? "none";
}

/** Stands before the firewall's tar. @param tar command line of the real one; `fault` holds the fault's name */
export function tarScript(tar: string): string {
  return `#!/bin/sh
case "$(cat /faults/tar)" in
cut) ${tar} "$@" | head -c 2000;;
stall) ${tar} "$@" | head -c 500; exec sleep 1000;;
lacks-members) exec ${tar} -czf - -C / var/db;;
vanished-file) ${tar} "$@"; echo "tar: var/db/leases: Cannot stat: No such file or directory" >&2
  echo "tar: Error exit delayed from previous errors." >&2; exit 1;;
fails) ${tar} "$@"; echo "tar: cf/conf/config.xml: Cannot open: Permission denied" >&2; exit 1;;
*) exec ${tar} "$@";;
esac
`;
}
