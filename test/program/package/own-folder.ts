import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../../../stacks/project";

/** What came of a program. */
interface Ended {
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly all: string;
}

/** What the package and a folder's own package.json ask for, which isn't installed anew for a test. */
const linked = [
  ...["@pulumi/pulumi", "@pulumi/command", "@pulumi/kubernetes", "esbuild", "signal-exit", "ssh2", "zod"],
  ...["typescript", "@types/node"],
];

/**
 * A folder with the packed package in its node_modules, as `npm install holdfast-X.tgz` leaves it: what the tarball has is
 * unpacked, and what it depends on is linked to the project's own node_modules instead of being installed, which would ask
 * the registry.
 */
export class OwnFolder {
  readonly path = join(mkdtempSync(join(tmpdir(), "holdfast-package-")), "my house");
  private readonly home = join(dirname(this.path), "home");
  readonly package = join(this.path, "node_modules", "holdfast");

  private constructor() {
    for (const name of [...linked, "holdfast"])
      mkdirSync(dirname(join(this.path, "node_modules", name)), { recursive: true });
    for (const name of linked)
      symlinkSync(join(projectRoot, "node_modules", name), join(this.path, "node_modules", name));
  }

  /** @param version commit of the version that is installed; what lies here, where none is said */
  static async install(version?: string): Promise<OwnFolder> {
    const folder = new OwnFolder();
    await folder.put(version);
    folder.link("holdfast", join(folder.package, "cli/bin.mjs"));
    folder.link("tsc", join(projectRoot, "node_modules/typescript/bin/tsc"));
    return folder;
  }

  /** Another version in the place of the one that is there. */
  async put(version?: string): Promise<void> {
    const packed = mkdtempSync(join(dirname(this.path), "packed-"));
    const pack = ["pack", "--silent", "--pack-destination", packed];
    if (version === undefined) await execa("npm", pack, { cwd: projectRoot });
    else await execa("npm", [...pack, "--ignore-scripts"], { cwd: await built(version, packed) });
    const [tarball = ""] = readdirSync(packed).filter(name => name.endsWith(".tgz"));
    await execa("tar", ["-xzf", join(packed, tarball), "-C", packed]);
    rmSync(this.package, { recursive: true, force: true });
    cpSync(join(packed, "package"), this.package, { recursive: true });
    chmodSync(join(this.package, "cli/bin.mjs"), 0o755);
  }

  /** What `npx NAME` starts. */
  private link(name: string, program: string): void {
    const bin = join(this.path, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync(program, join(bin, name));
  }

  /** Each file of the installed package. */
  files(): string[] {
    return readdirSync(this.package, { recursive: true, encoding: "utf8" }).sort();
  }

  /** Runs `npx holdfast WORDS` in the folder. */
  holdfast(...words: string[]): Promise<Ended> {
    return this.node(join(this.package, "cli/bin.mjs"), ...words);
  }

  /** Runs a program in the folder. */
  node(...words: string[]): Promise<Ended> {
    return execa(process.execPath, words, {
      cwd: this.path,
      env: { HOME: this.home, XDG_CACHE_HOME: "", npm_lifecycle_event: "npx" },
      reject: false,
      all: true,
    });
  }

  edit(file: string, change: (text: string) => string): void {
    const path = join(this.path, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  remove(): void {
    rmSync(dirname(this.path), { recursive: true });
  }
}

/** The project as it was, with what its package is made of. It is built with today's packages. @throws where a shallow clone lacks the commit */
async function built(version: string, beside: string): Promise<string> {
  const project = join(beside, "project");
  mkdirSync(project);
  const archive = await execa("git", ["archive", version], { cwd: projectRoot, encoding: "buffer" });
  await execa("tar", ["-x", "-C", project], { input: archive.stdout });
  symlinkSync(join(projectRoot, "node_modules"), join(project, "node_modules"));
  await execa(process.execPath, ["package/build.mjs"], { cwd: project });
  return project;
}
