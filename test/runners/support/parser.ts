import { chmodSync, writeFileSync } from "node:fs";

/**
 * Script that takes a parser's place: tells what rights it has, and tries what it must not be able to do. It starts no process.
 * The real one is `REAL`.
 * @param into a file or pipe, as the parser reaches it
 * @param tries paths that it must not be able to write to
 */
export function confession(into: string, tries: readonly string[]): string {
  return `exec 3>>${into}
for file in status limits net/dev; do
  while read -r line; do echo "$line" >&3; done </proc/self/$file
done
for path in ${tries.join(" ")}; do echo x 2>/dev/null >"$path" && echo "wrote $path" >&3; done
read -r line 2>/dev/null </etc/shadow && echo "read /etc/shadow" >&3
exec REAL "$@"`;
}

/** Makes an empty file that anybody may write to. */
export function fileForAll(path: string): void {
  writeFileSync(path, "");
  chmodSync(path, 0o666);
}

export interface Confessed {
  /** Each time it was called: real, effective, saved and file system's. */
  readonly users: readonly number[];
  readonly groups: readonly number[];
  /** What it could do that a stranger must not. */
  readonly harm: readonly string[];
  readonly networks: readonly string[];
  readonly mostProcesses: readonly string[];
}

export function confessed(text: string): Confessed {
  const all = (line: RegExp): string[] => [...text.matchAll(line)].map(([, value = ""]) => value);
  const ids = (name: string): number[] =>
    all(new RegExp(`^${name}:\\s+(.*)$`, "gm")).flatMap(found => found.split(/\s+/).map(Number));
  return {
    users: ids("Uid"),
    groups: ids("Gid"),
    harm: [
      ...all(/^((?:wrote|read) .*)$/gm),
      ...all(/^(Cap(?:Inh|Prm|Eff|Amb):\s+(?!0+$).*)$/gm),
      ...all(/^(Groups:[ \t]*\d.*)$/gm),
      ...all(/^(NoNewPrivs:\s+(?!1$).*)$/gm),
      ...all(/^Max core file size\s+(\S+)/gm).filter(size => size !== "0"),
    ],
    networks: [...new Set(all(/^(\w+):(?: +\d+){16}$/gm))],
    mostProcesses: all(/^Max processes\s+(\S+)/gm),
  };
}
