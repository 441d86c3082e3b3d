import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { cacheDir, cached } from "./cache";

/**
 * Folder with the contents of Debian packages, e.g. `<folder>/usr/bin/prometheus`. Nothing is installed: no maintainer
 * script runs and no daemon starts. Exactly the named packages are unpacked, without what they depend on.
 * @param name for the folder in the cache, e.g. "monitoring"
 * @param codename the Debian release that has them, e.g. "trixie"; by default this machine's own
 */
export async function debianPackages(
  name: string,
  packages: readonly string[],
  codename?: string,
): Promise<string> {
  const own = readFileSync("/etc/os-release", "utf8").match(/^VERSION_CODENAME=(.*)$/m)?.[1] ?? "unknown";
  const release = codename === own ? undefined : codename;
  return cached(`debian-${name}`, [release ?? own, process.arch, ...packages], async folder => {
    const downloads = join(folder, "debs");
    mkdirSync(downloads);
    await download(packages, downloads, await listsOf(release));
    for (const file of readdirSync(downloads)) await execa("dpkg-deb", ["-x", join(downloads, file), folder]);
    rmSync(downloads, { recursive: true });
  });
}

async function download(packages: readonly string[], into: string, lists: Lists): Promise<void> {
  await ensure(lists);
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

/** Writes sources.list and apt.conf for a Debian release, as mmdebstrap takes them, into a folder. */
export async function writePackageSources(codename: string, folder: string): Promise<void> {
  const { sources, options } = await packageSources(codename);
  writeFileSync(join(folder, "sources.list"), sources);
  writeFileSync(join(folder, "apt.conf"), options);
}

type PackageSources = {
  /** Text of a sources.list. */
  readonly sources: string;
  /** Text of an apt.conf: this machine's proxies and what it thinks of dates. */
  readonly options: string;
};

/** Where this machine gets a Debian release from; Debian's own addresses when it gets none of Debian's. */
async function packageSources(codename: string): Promise<PackageSources> {
  const lists = await listsOf();
  await ensure(lists);
  const fields = ["ORIGIN", "CODENAME", "SITE", "COMPONENT"].map(field => `$(${field})`).join(" ");
  const format = ["--format", fields, "Created-By: Packages"];
  const { stdout: targets } = await execa("apt-get", [...aptOptions(lists), "indextargets", ...format]);
  const debian = targets
    .split("\n")
    .map(line => line.split(" "))
    .filter(([origin]) => origin === "Debian");
  const named = (pattern: string): string[][] =>
    debian.filter(([, name = ""]) => new RegExp(`^${pattern}$`).test(name));
  const own = named(`${codename}(-.*)?`);
  // Where this machine gets "bookworm-security" from, another release has its own.
  const found = own.length > 0 ? own : named("[a-z]+(-updates|-security)?");
  const lines = found.map(
    ([, name = "", site, component]) => `deb ${site} ${name.replace(/^[a-z]+/, codename)} ${component}`,
  );
  const usual = ["", "-updates"].map(suffix => `deb http://deb.debian.org/debian ${codename}${suffix} main`);
  const security = `deb http://deb.debian.org/debian-security ${codename}-security main`;
  const { stdout: settings } = await execa("apt-config", ["dump"]);
  const kept = /^Acquire::(https?::.*Proxy.*|Check-Valid-Until|Check-Date) /i;
  return {
    sources: `${[...new Set(lines.length > 0 ? lines : [...usual, security])].join("\n")}\n`,
    options: settings
      .split("\n")
      .filter(line => kept.test(line))
      .map(line => `${line}\n`)
      .join(""),
  };
}

/** The project's own package lists, so that the machine's stay as they are and no root is needed. */
type Lists = {
  readonly folder: string;
  /** sources.list of another release than this machine's. */
  readonly sources: string | undefined;
};

async function listsOf(release?: string): Promise<Lists> {
  if (release === undefined) return { folder: join(cacheDir(), "apt-lists"), sources: undefined };
  const { sources } = await packageSources(release);
  const file = join(cacheDir(), `apt-sources-${release}.list`);
  writeFileSync(file, sources);
  return { folder: join(cacheDir(), `apt-lists-${release}`), sources: file };
}

const updating = new Map<string, Promise<void>>();

async function ensure(lists: Lists): Promise<void> {
  if (existsSync(lists.folder)) return;
  const running = updating.get(lists.folder) ?? update(lists);
  updating.set(lists.folder, running);
  await running;
}

async function update(lists: Lists): Promise<void> {
  const part = `${lists.folder}.part-${process.pid}`;
  try {
    mkdirSync(join(part, "partial"), { recursive: true });
    // Without it apt takes lists that it could not fetch for a success, and there would be none at all from then on.
    const args = [...aptOptions({ ...lists, folder: part }), "-oAPT::Update::Error-Mode=any", "-q", "update"];
    await execa("apt-get", args);
    replace(part, lists.folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Another process may do the same at the same time: its lists are as good. */
function replace(part: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(part, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function aptOptions({ folder, sources }: Lists): string[] {
  return [
    `-oDir::State::lists=${folder}`,
    // Else a package of this machine's from another archive, and of a higher version, would be asked for, which these lists don't have.
    "-oDir::State::status=/dev/null",
    ...(sources === undefined
      ? []
      : [`-oDir::Etc::sourcelist=${sources}`, "-oDir::Etc::sourceparts=/dev/null"]),
    "-oDir::Cache::pkgcache=",
    "-oDir::Cache::srcpkgcache=",
    "-oAPT::Sandbox::User=",
    "-oAPT::Update::Post-Invoke=",
    "-oAPT::Update::Post-Invoke-Success=",
    "-oDebug::NoLocking=1",
    "-oAcquire::Retries=3",
  ];
}
