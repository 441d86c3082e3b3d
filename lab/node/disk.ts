import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { cached, projectRoot } from "../cache";
import { debianPackages } from "../debian";
import type { Kernel } from "../hosts/kernel";
import { readPrograms } from "../servers";
import { adminPath } from "../process";
import { type ImageReferences, makeImages, readReferences, recipes } from "./images";

const packages = ["containerd", "crun", "libyajl2", "containernetworking-plugins"] as const;

export interface NodeDisk {
  /** File with the disk: never to be written to, each node has an overlay of its own. */
  readonly file: string;
  readonly images: ImageReferences;
}

/**
 * The disk that a Kubernetes node starts with: kubelet, containerd, crun, and container images in containerd's own store.
 * They are imported once, in a guest that is booted for it, as a node would take a minute for that.
 * @param image the hosts' disk image
 */
export async function ensureNodeDisk(
  kernel: Kernel,
  image: string,
  say: (line: string) => void,
): Promise<NodeDisk> {
  const { kubelet } = readPrograms();
  const debian = await debianPackages("node", packages);
  const own = ["import.sh", "disk.ts", "images.ts", "images/build.sh", "files/etc/containerd/config.toml"];
  const texts = own.map(name => readFileSync(join(projectRoot, "lab/node", name), "utf8"));
  const folder = await cached("node-disk", [image, kubelet, debian, ...texts], async part => {
    say("Making the Kubernetes node's disk with its container images (about two minutes, once)");
    const work = join(part, "work");
    mkdirSync(work);
    const archive = join(work, "images.tar");
    const references = await makeImages(recipes, kernel.mmdebstrap, work, archive);
    await makeDisk(join(part, "node.disk"), work, { kubelet, debian });
    await importImages(kernel, image, join(part, "node.disk"), archive, work);
    rmSync(work, { recursive: true });
    writeFileSync(join(part, "images.json"), JSON.stringify(references));
  });
  return {
    file: join(folder, "node.disk"),
    images: readReferences(readFileSync(join(folder, "images.json"), "utf8")),
  };
}

async function makeDisk(
  file: string,
  work: string,
  { kubelet, debian }: { readonly kubelet: string; readonly debian: string },
): Promise<void> {
  const tree = join(work, "tree");
  for (const name of ["bin", "lib"]) mkdirSync(join(tree, name), { recursive: true });
  const programs = ["containerd", "containerd-shim-runc-v2", "ctr", "crun"];
  for (const path of [kubelet, ...programs.map(name => join(debian, "usr/bin", name))])
    copyFileSync(path, join(tree, "bin", basename(path)));
  cpSync(join(debian, "usr/lib/cni"), join(tree, "cni"), { recursive: true });
  const library = "libyajl.so.2";
  copyFileSync(join(debian, "usr/lib/x86_64-linux-gnu", library), join(tree, "lib", library));
  writeFileSync(file, "", { flag: "wx", mode: 0o600 });
  truncateSync(file, 4 * 2 ** 30);
  await execa("mke2fs", ["-q", "-t", "ext4", "-O", "^metadata_csum", "-m", "0", "-d", tree, file], {
    env: { PATH: adminPath },
  });
}

/** @throws with the end of the guest's console when the store doesn't have each image afterwards */
async function importImages(
  kernel: Kernel,
  image: string,
  disk: string,
  archive: string,
  work: string,
): Promise<void> {
  const seedFolder = join(work, "seed");
  mkdirSync(join(seedFolder, "etc/lab"), { recursive: true });
  mkdirSync(join(seedFolder, "etc/containerd"), { recursive: true });
  const own = (name: string): string => join(projectRoot, "lab/node", name);
  copyFileSync(own("import.sh"), join(seedFolder, "etc/lab/first-boot"));
  copyFileSync(own("files/etc/containerd/config.toml"), join(seedFolder, "etc/containerd/config.toml"));
  const seed = join(work, "seed.tar");
  await execa("tar", ["-C", seedFolder, "--owner=0", "--group=0", "-cf", seed, "etc"]);
  const devices = [`${join(work, "root.cow")},${image}`, disk, seed, archive];
  const { all } = await execa(
    kernel.program,
    [
      ...["mem=1024M", "root=/dev/ubda", "rw", "seccomp=auto", "init=/usr/local/sbin/lab-init", "quiet"],
      ...[
        "LAB_SEED=/dev/ubdc",
        "con=null",
        "con0=null,fd:1",
        "ssl=null",
        `uml_dir=${work}/`,
        `hostfs=${work}`,
      ],
      ...devices.map((file, index) => `ubd${index}${index > 1 ? "r" : ""}=${file}`),
    ],
    { all: true, reject: false, timeout: 20 * 60_000, stdin: "ignore", env: { TMPDIR: work } },
  );
  const asked = Object.values(recipes).map(({ name }) => name);
  const { stdout: found } = await execa("debugfs", ["-R", "cat /images.txt", disk], {
    reject: false,
    env: { PATH: adminPath },
  });
  const missing = asked.filter(name => !found.split("\n").includes(name));
  if (missing.length > 0)
    throw new Error(
      `The node's disk has no ${missing.join(", ")}; nothing was kept. The end of the guest's console:\n${all.split("\n").slice(-15).join("\n")}`,
    );
}
