import { ExecaError, execa } from "execa";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, projectRoot } from "../cache";

/** Version of Kubernetes; `kubernetes/go.mod` pins the modules that it is built from. */
export const kubernetesVersion = "v1.36.2";

/** Flags of the Go build: no C, no debug tables, and the version that the API reports about itself. */
const buildFlags = [
  "-mod=readonly",
  "-trimpath",
  `-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`,
];

/** How often a build says how far it is. */
const tellEveryMs = 20_000;

/** Paths of the programs of Kubernetes that the lab needs. */
export interface KubernetesPrograms {
  apiServer: string;
  controllerManager: string;
  scheduler: string;
  kubelet: string;
}

/**
 * Builds Kubernetes' programs from source: Debian has no package of any. Takes 6 to 12 minutes on two cores, once; later calls find the result by the text of go.mod and go.sum.
 * @param say told before a build and while it runs, nothing when the result is there
 * @param cancelSignal ends a build that nobody needs any more
 */
export async function kubernetesPrograms(
  say: (line: string) => void,
  cancelSignal: AbortSignal,
): Promise<KubernetesPrograms> {
  const source = join(projectRoot, "lab", "servers", "kubernetes");
  const texts = ["go.mod", "go.sum"].map(name => readFileSync(join(source, name), "utf8"));
  const folder = await cached("kubernetes", [...texts, ...buildFlags], async into => {
    say(
      `Building Kubernetes ${kubernetesVersion} from source, as Debian has no package of it: 6 to 12 minutes on two cores, once; the result is kept in the cache`,
    );
    await build(source, into, say, cancelSignal);
  });
  return {
    apiServer: join(folder, "kube-apiserver"),
    controllerManager: join(folder, "kube-controller-manager"),
    scheduler: join(folder, "kube-scheduler"),
    kubelet: join(folder, "kubelet"),
  };
}

async function build(
  source: string,
  into: string,
  say: (line: string) => void,
  cancelSignal: AbortSignal,
): Promise<void> {
  // A go.work or GOFLAGS of the user's own would change what is built.
  const options = {
    cwd: source,
    cancelSignal,
    env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
  };
  try {
    const { stdout } = await execa("go", ["list", "-deps", "tool"], { ...options, timeout: 15 * 60_000 });
    const total = stdout.split("\n").length;
    const child = execa("nice", ["-n", "5", "go", "build", "-v", ...buildFlags, "-o", `${into}/`, "tool"], {
      ...options,
      // Of 45 minutes, on a machine four times slower that was busy besides, half of it was left.
      timeout: 80 * 60_000,
    });
    // With -v, Go names each package once it is compiled; those in its own cache go unnamed.
    let compiled = 0;
    let told = Date.now();
    for await (const name of child.iterable({ from: "stderr" })) {
      compiled += 1;
      if (Date.now() - told < tellEveryMs) continue;
      told = Date.now();
      say(`Kubernetes: ${compiled} of ${total} packages are compiled, the last one ${name}`);
    }
    await child;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new Error(
      `No Kubernetes ${kubernetesVersion}: ${reasonOf(error)}. Go's own cache keeps what was compiled. Then run the same command again`,
      { cause: error },
    );
  }
}

function reasonOf(error: ExecaError): string {
  if (error.code === "ENOENT")
    return 'there is no "go" on PATH. Install Go 1.26 or newer (https://go.dev/dl/)';
  if (error.timedOut) return "go was stopped after 80 minutes";
  // Between the names of packages, which hold no space.
  const lines = String(error.stderr)
    .split("\n")
    .filter(line => line.includes(" "));
  const said = lines.slice(-3).join(" / ") || error.shortMessage;
  return `go says: ${said}. It needs its module proxy (go env GOPROXY)`;
}
