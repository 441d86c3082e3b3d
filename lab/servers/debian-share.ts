import { dirname, join } from "node:path";

/**
 * The command that runs one of Debian's Alertmanager programs without installing it. They read their built-in templates
 * from /usr/share/prometheus, a path that no flag changes, so they get a view of the file system that has it.
 * @param argv first the program, as it was unpacked
 */
export function withDebianShare(argv: readonly [string, ...string[]]): string[] {
  const share = join(dirname(argv[0]), "..", "share", "prometheus");
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const script =
    "mount -t tmpfs -o mode=755 holdfast /usr/share && mkdir /usr/share/prometheus && " +
    'mount --bind "$0" /usr/share/prometheus && exec "$@"';
  return ["unshare", ...user, "--mount", "sh", "-c", script, share, ...argv];
}
