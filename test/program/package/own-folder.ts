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

  static async install(): Promise<OwnFolder> {
    const folder = new OwnFolder();
    const packed = dirname(folder.path);
    await execa("npm", ["pack", "--silent", "--pack-destination", packed], { cwd: projectRoot });
    const [tarball = ""] = readdirSync(packed).filter(name => name.endsWith(".tgz"));
    await execa("tar", ["-xzf", join(packed, tarball), "-C", packed]);
    cpSync(join(packed, "package"), folder.package, { recursive: true });
    folder.link("holdfast", join(folder.package, "cli/bin.mjs"));
    folder.link("tsc", join(projectRoot, "node_modules/typescript/bin/tsc"));
    return folder;
  }

  /** What `npx NAME` starts. */
  private link(name: string, program: string): void {
    const bin = join(this.path, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    chmodSync(program, 0o755);
    symlinkSync(program, join(bin, name));
  }

  /** Each file of the installed package. */
  files(): string[] {
    return readdirSync(this.package, { recursive: true, encoding: "utf8" }).sort();
  }

  /** Runs `holdfast WORDS` in the folder. */
  holdfast(...words: string[]): Promise<Ended> {
    return this.node(join(this.package, "cli/bin.mjs"), ...words);
  }

  /** Runs a program in the folder. */
  node(...words: string[]): Promise<Ended> {
    return execa(process.execPath, words, {
      cwd: this.path,
      env: { HOME: this.home, XDG_CACHE_HOME: "" },
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
