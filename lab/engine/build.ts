import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { cached, projectRoot } from "../cache";

/** Version of the `pulumi` command that `cli/go.mod` requires, and that everything else here was tried with. */
export const pulumiVersion = "v3.256.0";

/** A program that is built from the Go module proxy, in a small Go module of its own that pins every dependency. */
interface GoProgram {
  /** Name of the binary, and of its folder in the cache. */
  readonly name: string;
  /** Folder of the module, below `lab/engine`. */
  readonly module: string;
  readonly package: string;
  /** What the program is told to say when asked for its version. */
  readonly version: string;
}

export const pulumiCli: GoProgram = {
  name: "pulumi",
  module: "cli",
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  version: pulumiVersion,
};

/** v3.68.0 is the last version that lies inside a tagged module; it runs programs on today's SDK (it only starts Node). */
export const languageHost: GoProgram = {
  name: "pulumi-language-nodejs",
  module: "language-nodejs",
  package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  version: "v3.68.0",
};

/**
 * Folder that holds the built program, made on first use.
 * @param onBuild is called before a build that takes minutes, and not when the cache has the program
 */
export async function goProgram(program: GoProgram, onBuild: () => void): Promise<string> {
  const module = join(projectRoot, "lab", "engine", program.module);
  const flags = [
    "-trimpath",
    "-buildvcs=false",
    "-mod=readonly",
    `-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${program.version}`,
  ];
  const texts = ["go.mod", "go.sum"].map(file => readFileSync(join(module, file), "utf8"));
  return cached(program.name, [...texts, program.package, ...flags], async folder => {
    onBuild();
    await execa("go", ["build", ...flags, "-o", join(folder, program.name), program.package], {
      cwd: module,
      // A go.work or GOFLAGS of the user's own would change what is built.
      env: { GOWORK: "off", GOFLAGS: "", CGO_ENABLED: "0" },
      timeout: 30 * 60_000,
    });
  });
}
