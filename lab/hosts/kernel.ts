import { chmodSync, copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { cached } from "../cache";
import { debianPackages } from "../debian";

export type Kernel = {
  /** User-Mode Linux: a kernel that runs as a plain process. */
  readonly program: string;
  /** Folder with its modules, named after its version. */
  readonly modules: string;
  /** Perl script that makes a Debian root folder. */
  readonly mmdebstrap: string;
};

/**
 * Debian release that the kernel is of. Since 6.16 User-Mode Linux switches to a guest's process by seccomp, not by
 * ptrace: `test/volumes/daily-backup.test.ts` takes 789 s on bookworm's 6.1, 272 s on trixie's 6.12, 109 s on forky's 7.2.
 */
const kernelRelease = "forky";

/** Fetches what a host is made with and runs on. Nothing is installed on this machine. */
export async function prepareKernel(): Promise<Kernel> {
  const [kernel, tools] = await Promise.all([
    debianPackages("kernel", ["user-mode-linux", "libc6"], kernelRelease),
    debianPackages("hosts", ["mmdebstrap", "patchelf"]),
  ]);
  const allModules = join(kernel, "usr/lib/uml/modules");
  const [version] = readdirSync(allModules);
  if (version === undefined) throw new Error(`Debian's user-mode-linux has no modules in "${allModules}"`);
  return {
    program: await withItsOwnLibc(kernel, join(tools, "usr/bin/patchelf")),
    modules: join(allModules, version),
    mmdebstrap: join(tools, "usr/bin/mmdebstrap"),
  };
}

/** The kernel of a later release needs that release's C library, which this machine may not have. */
async function withItsOwnLibc(kernel: string, patchelf: string): Promise<string> {
  const folder = await cached("user-mode-linux", [kernel, patchelf], async part => {
    const program = join(part, "linux.uml");
    copyFileSync(join(kernel, "usr/bin/linux.uml"), program);
    chmodSync(program, 0o755);
    const libraries = join(kernel, "usr/lib/x86_64-linux-gnu");
    const loader = join(libraries, "ld-linux-x86-64.so.2");
    await execa(patchelf, ["--set-interpreter", loader, "--set-rpath", libraries, program]);
  });
  return join(folder, "linux.uml");
}
