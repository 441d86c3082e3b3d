import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { execa } from "execa";
import { cached, projectRoot } from "../cache";
import { writePackageSources } from "../debian";
import { adminPath } from "../process";
import type { Kernel } from "./kernel";

const recipe = join(projectRoot, "lab/hosts/image");

/**
 * Disk image that both hosts start from: Debian bookworm with what a Proxmox VE host and a NAS have in common. It holds
 * no key and no identity. Hosts write to an overlay of their own: never change it, an overlay of a changed image is void.
 * @returns path of the image, in the cache
 */
export async function ensureImage(kernel: Kernel, say: (line: string) => void): Promise<string> {
  const inputs = [kernel.program, ...filesBelow(recipe).map(describe)];
  const folder = await cached("host-image", inputs, async part => {
    say("Making the hosts' disk image from Debian packages (about a minute, once)");
    await build(kernel, part);
  });
  return join(folder, "root.img");
}

async function build(kernel: Kernel, part: string): Promise<void> {
  const work = join(part, "work");
  mkdirSync(work);
  await writePackageSources("bookworm", work);
  const image = join(part, "root.img.part");
  const script = [join(recipe, "build.sh"), work, kernel.mmdebstrap, kernel.modules, image];
  await runAsRoot("The hosts' disk image", ["sh", ...script]);
  await execa("rm", ["-rf", work]);
  chmodSync(image, 0o444);
  renameSync(image, join(part, "root.img"));
}

/**
 * Runs what makes files of many owners, which needs a root: an unprivileged user has one in a namespace, with the ids of /etc/subuid.
 * @param makes what is told as not made when it fails
 */
export async function runAsRoot(makes: string, argv: readonly string[]): Promise<void> {
  const asRoot =
    process.getuid?.() === 0
      ? []
      : ["unshare", "--user", "--map-auto", "--map-root-user", "--mount", "--pid", "--fork"];
  const [program = "sh", ...args] = [...asRoot, ...argv];
  const result = await execa(program, args, {
    reject: false,
    all: true,
    env: { PATH: adminPath, LC_ALL: "C.UTF-8" },
  });
  if (!result.failed) return;
  const tail = result.all.trim().split("\n").slice(-8).join("\n  ");
  throw new Error(`${makes} can't be made (exit ${result.exitCode}); nothing was kept:\n  ${tail}`);
}

/** Paths of all files of a folder, in their order. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map(name => join(folder, name))
    .filter(path => statSync(path).isFile())
    .sort();
}

function describe(file: string): string {
  return `${relative(recipe, file)} ${statSync(file).mode & 0o777}\n${readFileSync(file, "utf8")}`;
}
