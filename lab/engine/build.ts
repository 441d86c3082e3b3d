import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ExecaError, execa } from "execa";
import { cached, projectRoot } from "../cache";
import { requireGo } from "./go";

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
  /** How long a build takes on two cores with an empty Go cache, for the message. */
  readonly duration: string;
}

export const pulumiCli: GoProgram = {
  name: "pulumi",
  module: "cli",
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  version: pulumiVersion,
  duration: "about 4 minutes",
};

/** v3.68.0 is the last version that lies inside a tagged module; it runs programs on today's SDK (it only starts Node). */
export const languageHost: GoProgram = {
  name: "pulumi-language-nodejs",
  module: "language-nodejs",
  package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
  version: "v3.68.0",
  duration: "about 20 seconds",
};

/**
 * Path of the built program, made on first use.
 * @param say is told before a build, and not when the cache has the program
 * @throws when Go is missing or too old, or the build fails
 */
export async function goProgram(program: GoProgram, say: (line: string) => void): Promise<string> {
  const module = join(projectRoot, "lab", "engine", program.module);
  const flags = [
    "-trimpath",
    "-buildvcs=false",
    "-mod=readonly",
    `-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${program.version}`,
  ];
  const texts = ["go.mod", "go.sum"].map(file => readFileSync(join(module, file), "utf8"));
  const folder = await cached(program.name, [...texts, program.package, ...flags], async part => {
    await requireGo(join(module, "go.mod"));
    say(
      `Building ${program.name} ${program.version} with Go, as no Pulumi CLI is installed: ${program.duration}, once; it is kept in the cache`,
    );
    await build(program, module, [...flags, "-o", join(part, program.name), program.package]);
  });
  return join(folder, program.name);
}

async function build(program: GoProgram, module: string, args: readonly string[]): Promise<void> {
  try {
    await execa("go", ["build", ...args], {
      cwd: module,
      // A go.work or GOFLAGS of the user's own would change what is built.
      env: { GOWORK: "off", GOFLAGS: "", CGO_ENABLED: "0" },
      // It took more than half an hour on a machine four times slower that was busy besides.
      timeout: 60 * 60_000,
    });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const why = error.timedOut
      ? "it took more than an hour"
      : `go build says: ${lastLines(String(error.stderr))}`;
    throw new Error(
      `No ${program.name} ${program.version}: ${why}. Nothing was kept. Go needs its module proxy (go env GOPROXY); with the Pulumi CLI installed nothing is built: https://www.pulumi.com/docs/install/`,
      { cause: error },
    );
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-3).join(" / ");
}
