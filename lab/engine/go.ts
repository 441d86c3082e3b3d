import { readFileSync } from "node:fs";
import { execa } from "execa";

/** What a person has to know to get an engine onto a machine that has neither the Pulumi CLI nor a Go that can build it. */
const whatToInstall = (goVersion: string): string =>
  `Install one of the two: the Pulumi CLI, version 3.200 or newer (https://www.pulumi.com/docs/install/), or Go ${goVersion} or newer (https://go.dev/dl/); then run the same command again`;

/**
 * Refuses to start a build that can't succeed.
 * @param goModFile whose `go` line names the oldest Go that builds the module
 * @throws when there is no Go, or one that is too old and can't fetch a newer one by itself
 */
export async function requireGo(goModFile: string): Promise<void> {
  const wanted = /^go (\S+)$/m.exec(readFileSync(goModFile, "utf8"))?.[1] ?? "1.26.0";
  const result = await execa("go", ["env", "GOVERSION", "GOTOOLCHAIN"], {
    reject: false,
    env: { GOTOOLCHAIN: process.env["GOTOOLCHAIN"] ?? "" },
    cwd: "/",
  });
  if (result.failed && result.code === "ENOENT")
    throw new Error(
      `No Pulumi engine: there is neither a "pulumi" nor a "go" on PATH. ${whatToInstall(wanted)}`,
    );
  if (result.failed) throw new Error(`No Pulumi engine: "go env" failed: ${result.stderr.trim()}`);
  const [found = "", toolchain = ""] = result.stdout.split("\n");
  if (canBuild(found, wanted, toolchain)) return;
  throw new Error(
    `No Pulumi engine: "go" on PATH is ${found || "of an unknown version"}, and building "pulumi" needs Go ${wanted}. ${whatToInstall(wanted)}`,
  );
}

/**
 * Whether a Go of one version builds a module that asks for another. Since 1.21 it fetches the version that a module
 * asks for, unless GOTOOLCHAIN forbids it (https://go.dev/doc/toolchain).
 * @param found as `go env GOVERSION` says it, e.g. "go1.26.8"
 * @param toolchain as `go env GOTOOLCHAIN` says it, e.g. "auto"
 */
export function canBuild(found: string, wanted: string, toolchain: string): boolean {
  const version = found.replace(/^go/, "");
  if (compareVersions(version, wanted) >= 0) return true;
  const fetchesNewer = toolchain === "auto" || toolchain === "path" || toolchain.endsWith("+auto");
  return compareVersions(version, "1.21") >= 0 && fetchesNewer;
}

/** Order of two dotted versions, as a sort wants it; "v" in front and anything after a dash are left out. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map(text =>
    text
      .replace(/^v/, "")
      .replace(/[-+ ].*$/, "")
      .split(".")
      .map(part => Number.parseInt(part, 10) || 0),
  );
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
