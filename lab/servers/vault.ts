import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExecaError, execa } from "execa";
import { z } from "zod";
import { cached, projectRoot } from "../cache";

/**
 * Of the last line under an open licence, the MPL; `vault/go.mod` pins the modules that it is built from. Later versions of that line are made with
 * changes of Vault's own SDK that were never published with them.
 */
export const vaultVersion = "v1.14.1";
const vaultModule = `github.com/hashicorp/vault@${vaultVersion}`;
/** What Go's checksum database has of it. */
const vaultSum = "h1:JBRe4N6g6iu3yWenhlMn9PwSNAQYIQQ6PTYnbccvyxM=";

/** Sources in which storages, ways to log in and engines stand in tables: those of other people's clouds are left out of both. */
const tables = ["command/commands.go", "helper/builtinplugins/registry.go"];
const kept = ["physRaft", "physFile", "physInmem", "credToken", "credUserpass", "credAppRole", "logicalKv"];

const buildFlags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

/**
 * Vault's program, built from source, as Debian has no package of it. Later calls find the result by the texts of the build.
 * @param say told before a build, nothing when the result is there
 */
export async function vaultProgram(say: (line: string) => void): Promise<string> {
  const own = join(projectRoot, "lab", "servers", "vault");
  const names = ["go.mod", "go.sum", "main.go"];
  const texts = names.map(name => readFileSync(join(own, name), "utf8"));
  const inputs = [vaultModule, vaultSum, ...texts, ...tables, ...kept, ...buildFlags];
  const folder = await cached("vault", inputs, async into => {
    say(
      `Building Vault ${vaultVersion} from source, as Debian has no package of it: five to ten minutes on two cores, once; the result is kept in the cache`,
    );
    const build = join(into, "build");
    mkdirSync(build);
    for (const name of names) cpSync(join(own, name), join(build, name));
    try {
      await copySource(join(build, "vault"));
      await go(build, "build", ...buildFlags, "-o", join(into, "vault"), ".");
    } catch (error) {
      if (!(error instanceof ExecaError)) throw error;
      const said = String(error.stderr).trim().split("\n").slice(-3).join(" / ") || error.shortMessage;
      throw new Error(
        `No Vault ${vaultVersion}: ${said}. It needs Go (https://go.dev/dl/) and its module proxy (go env GOPROXY)`,
        { cause: error },
      );
    }
    rmSync(build, { recursive: true });
  });
  return join(folder, "vault");
}

/** Copies Vault's module, with neither pages nor what the tables leave out. */
async function copySource(to: string): Promise<void> {
  const { stdout } = await go("/", "mod", "download", "-json", vaultModule);
  const { Dir: from, Sum: sum } = z.object({ Dir: z.string(), Sum: z.string() }).parse(JSON.parse(stdout));
  if (sum !== vaultSum) throw new Error(`${vaultModule} has the sum ${sum}, expected ${vaultSum}`);
  const left = ["ui", "website"].map(name => join(from, name));
  cpSync(from, to, { recursive: true, filter: path => !left.includes(path) });
  // Go's cache of modules is read-only.
  await execa("chmod", ["-R", "u+w", to]);
  for (const table of tables) {
    const path = join(to, table);
    writeFileSync(path, without(readFileSync(path, "utf8")));
  }
}

/** A source without the imports of what is left out, and without the lines that name them. */
function without(text: string): string {
  const imports = [...text.matchAll(/^\t((?:phys|cred|logical|db|csr|ksr)\w*) "/gm)].map(
    ([, name = ""]) => name,
  );
  const left = imports.filter(name => !kept.includes(name)).map(name => new RegExp(`\\b${name}\\b`));
  return text
    .split("\n")
    .filter(line => !left.some(name => name.test(line)))
    .join("\n");
}

function go(cwd: string, ...args: string[]) {
  return execa("go", args, {
    cwd,
    // A go.work or GOFLAGS of the user's own would change what is built.
    env: { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
    timeout: 60 * 60_000,
  });
}
