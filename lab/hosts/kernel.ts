import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { cached, projectRoot } from "../cache";
import { debianPackages } from "../debian";

export type Kernel = {
  /** User-Mode Linux: a kernel that runs as a plain process. */
  readonly program: string;
  /** Folder with its modules, named after its version. */
  readonly modules: string;
  /** Perl script that makes a Debian root folder. */
  readonly mmdebstrap: string;
  /** Library for LD_PRELOAD, see xsave-shim.c. */
  readonly shim: string;
};

const shimSource = join(projectRoot, "lab/hosts/xsave-shim.c");

/** Fetches what a host is made with and runs on. Nothing is installed on this machine. */
export async function prepareKernel(): Promise<Kernel> {
  const folder = await debianPackages("hosts", ["user-mode-linux", "mmdebstrap", "tcc"]);
  const allModules = join(folder, "usr/lib/uml/modules");
  const [version] = readdirSync(allModules);
  if (version === undefined) throw new Error(`Debian's user-mode-linux has no modules in "${allModules}"`);
  return {
    program: join(folder, "usr/bin/linux.uml"),
    modules: join(allModules, version),
    mmdebstrap: join(folder, "usr/bin/mmdebstrap"),
    shim: await buildShim(folder),
  };
}

/** tcc, because a machine without a C compiler gets it as one small package. */
async function buildShim(packages: string): Promise<string> {
  const source = readFileSync(shimSource, "utf8");
  const folder = await cached("xsave-shim", [source, packages], async part => {
    mkdirSync(part, { recursive: true });
    const tcc = join(packages, "usr/lib/x86_64-linux-gnu/tcc");
    const args = [`-B${tcc}`, "-nostdlib", "-shared", "-o", join(part, "xsave-shim.so"), shimSource];
    await execa(join(packages, "usr/bin/tcc"), args);
  });
  return join(folder, "xsave-shim.so");
}
