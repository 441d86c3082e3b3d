import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../lab/cache";
import type { Versions } from "../plan/contracts/versions";
import { exampleEstate } from "../plan/estate/example";
import { ReleaseHost } from "../test/runners/release-host";
import type { Row } from "./row";

/** How long stand-ins for a host's programs are at work with a copy of a disk, and with one that comes over a line. */
const seconds = { books: 3, photos: 3 } as const;

/** All that a disaster has taken by one command, against one command for each service: what a line brings needn't wait for a disk. */
export async function benchRestoreAll(): Promise<Row[]> {
  const host = new ReleaseHost();
  try {
    host.leadHere();
    mkdirSync(join(host.folder, "srv/nfs"), { recursive: true });
    host.before = `mount --bind ${host.folder}/srv /srv && mount -t tmpfs none /mnt && mkdir -p /mnt/backup/books`;
    host.installSsh();
    const estate = join(host.folder, "estate.json");
    writeFileSync(estate, JSON.stringify(exampleEstate()));
    install(host, "nfs-mirror", "books", seconds.books, "/mnt/backup/books");
    install(host, "offsite-sync-backup", "/srv/nfs/photos", seconds.photos);
    for (const name of ["lvm-pvc-snapshot", "daily-backup", "nas-snapshots"]) install(host, name);
    const restore = (...words: readonly string[]) => timed([...words, "--yes", "--estate", estate]);
    const one = (await restore("books")) + (await restore("photos"));
    const all = await restore("--all", "--domain", "live-disk", "--place", "pve/sdc");
    return [
      {
        name: "restore --all of a copy on a disk and one behind a line, against one restore after the other",
        value: `${(one / all).toFixed(2)} × faster (${Math.round(all)} ms to ${Math.round(one)} ms)`,
        aim: "≥ 1.5 ×",
        ok: one / all >= 1.5,
      },
    ];
  } finally {
    host.remove();
  }
}

function install(host: ReleaseHost, name: string, of?: string, lasts = 0, path?: string): void {
  const version = { at: "2026-11-28T02:00:00Z", ...(path !== undefined && { path }), lacks: [], pick: [] };
  const answer: Versions = { versions: of === undefined ? [] : [{ of, ...version }] };
  host.installCommand(
    name,
    `#!/bin/sh
case "$*" in
list*) cat <<'END'
${JSON.stringify(answer)}
END
;;
restore*--dry-run*) ;;
restore*) sleep ${lasts} ;;
esac
`,
  );
}

async function timed(words: readonly string[]): Promise<number> {
  const startMs = performance.now();
  // What has no copy is told, and it ends with 1.
  const { all = "" } = await execa("node", ["cli/holdfast.mjs", "restore", ...words], {
    ...{ cwd: projectRoot, all: true, reject: false },
  });
  if (!/^(\d+) steps? of \1 ended well/m.test(all)) throw new Error(all);
  return performance.now() - startMs;
}
