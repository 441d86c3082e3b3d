import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { cacheDir, cached } from "./cache";

/**
 * Folder with the contents of Debian packages, e.g. `<folder>/usr/bin/prometheus`. Nothing is installed: no maintainer
 * script runs and no daemon starts. Exactly the named packages are unpacked, without what they depend on.
 * @param name for the folder in the cache, e.g. "monitoring"
 */
export async function debianPackages(name: string, packages: readonly string[]): Promise<string> {
  const release = readFileSync("/etc/os-release", "utf8").match(/^VERSION_CODENAME=(.*)$/m)?.[1] ?? "unknown";
  return cached(`debian-${name}`, [release, process.arch, ...packages], async folder => {
    const downloads = join(folder, "debs");
    mkdirSync(downloads);
    await download(packages, downloads);
    for (const file of readdirSync(downloads)) await execa("dpkg-deb", ["-x", join(downloads, file), folder]);
    rmSync(downloads, { recursive: true });
  });
}

async function download(packages: readonly string[], into: string): Promise<void> {
  const lists = await packageLists();
  // A package list from yesterday may name files that the archive has replaced since.
  for (const attempt of [1, 2]) {
    const result = await execa("apt-get", [...aptOptions(lists), "-q", "download", ...packages], {
      cwd: into,
      reject: false,
      all: true,
    });
    if (!result.failed) return;
    if (attempt === 2)
      throw new Error(
        `apt-get can't download ${packages.join(", ")}: ${result.all.trim().split("\n").slice(-3).join(" ")}`,
      );
    await update(lists);
  }
}

export type PackageSources = {
  /** Text of a sources.list. */
  readonly sources: string;
  /** Text of an apt.conf: this machine's proxies and what it thinks of dates. */
  readonly options: string;
};

/** Where this machine gets a Debian release from; Debian's own addresses when it is of another release. */
export async function packageSources(codename: string): Promise<PackageSources> {
  const lists = await packageLists();
  const fields = ["ORIGIN", "CODENAME", "SITE", "RELEASE", "COMPONENT"].map(field => `$(${field})`).join(" ");
  const format = ["--format", fields, "Created-By: Packages"];
  const { stdout: targets } = await execa("apt-get", [...aptOptions(lists), "indextargets", ...format]);
  const found = targets
    .split("\n")
    .map(line => line.split(" "))
    .filter(([origin, name = ""]) => origin === "Debian" && new RegExp(`^${codename}(-|$)`).test(name))
    .map(([, , site, release, component]) => `deb ${site} ${release} ${component}`);
  const usual = ["", "-updates"].map(suffix => `deb http://deb.debian.org/debian ${codename}${suffix} main`);
  const security = `deb http://deb.debian.org/debian-security ${codename}-security main`;
  const { stdout: settings } = await execa("apt-config", ["dump"]);
  const kept = /^Acquire::(https?::.*Proxy.*|Check-Valid-Until|Check-Date) /i;
  return {
    sources: `${[...new Set(found.length > 0 ? found : [...usual, security])].join("\n")}\n`,
    options: settings
      .split("\n")
      .filter(line => kept.test(line))
      .map(line => `${line}\n`)
      .join(""),
  };
}

let updating: Promise<void> | undefined;

/** The project's own package lists, so that the machine's stay as they are and no root is needed. */
async function packageLists(): Promise<string> {
  const lists = join(cacheDir(), "apt-lists");
  if (!existsSync(lists)) await (updating ??= update(lists));
  return lists;
}

async function update(lists: string): Promise<void> {
  const part = `${lists}.part-${process.pid}`;
  try {
    mkdirSync(join(part, "partial"), { recursive: true });
    // Without it apt takes lists that it could not fetch for a success, and there would be none at all from then on.
    await execa("apt-get", [...aptOptions(part), "-oAPT::Update::Error-Mode=any", "-q", "update"]);
    replace(part, lists);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Another process may do the same at the same time: its lists are as good. */
function replace(part: string, lists: string): void {
  rmSync(lists, { recursive: true, force: true });
  try {
    renameSync(part, lists);
  } catch (error) {
    if (!existsSync(lists)) throw error;
  }
}

function aptOptions(lists: string): string[] {
  return [
    `-oDir::State::lists=${lists}`,
    "-oDir::Cache::pkgcache=",
    "-oDir::Cache::srcpkgcache=",
    "-oAPT::Sandbox::User=",
    "-oAPT::Update::Post-Invoke=",
    "-oAPT::Update::Post-Invoke-Success=",
    "-oDebug::NoLocking=1",
    "-oAcquire::Retries=3",
  ];
}
