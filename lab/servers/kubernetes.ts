import { ExecaError, execa } from "execa";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cached, isCached, projectRoot } from "../cache";
import { onPath } from "../on-path";

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

/** Programs of Kubernetes that the lab needs. */
const names = {
  apiServer: "kube-apiserver",
  controllerManager: "kube-controller-manager",
  scheduler: "kube-scheduler",
  kubelet: "kubelet",
} as const;

/** Their paths. */
export type KubernetesPrograms = Record<keyof typeof names, string>;

/**
 * Those that this machine has; the others are built from source, as Debian has no package of any: 6 to 12 minutes on two cores, once. Later calls find
 * the result by the text of go.mod and go.sum.
 * @param say told of a program that is there and can't be used, before a build and while it runs; nothing when the result is there
 * @param cancelSignal ends a build that nobody needs any more
 */
export async function kubernetesPrograms(
  say: (line: string) => void,
  cancelSignal: AbortSignal,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<KubernetesPrograms> {
  const source = join(projectRoot, "lab", "servers", "kubernetes");
  const inputs = [
    ...["go.mod", "go.sum"].map(name => readFileSync(join(source, name), "utf8")),
    ...buildFlags,
  ];
  // What was built for a lab before has all of them.
  const there = isCached("kubernetes", inputs)
    ? new Map<string, string>()
    : await installed(environment, say);
  const missing = Object.values(names).filter(name => !there.has(name));
  const built =
    missing.length === 0
      ? ""
      : await cached("kubernetes", [...inputs, ...(there.size > 0 ? missing : [])], async into => {
          say(
            `Building ${missing.join(", ")} of Kubernetes ${kubernetesVersion} from source, as Debian has no package of it: 6 to 12 minutes on two cores, once; the result is kept in the cache`,
          );
          await build(
            { source, into, packages: missing.map(name => `k8s.io/kubernetes/cmd/${name}`) },
            say,
            cancelSignal,
          );
        });
  const path = (name: string): string => there.get(name) ?? join(built, name);
  return {
    apiServer: path(names.apiServer),
    controllerManager: path(names.controllerManager),
    scheduler: path(names.scheduler),
    kubelet: path(names.kubelet),
  };
}

/** By name, programs of the same minor version in KUBEBUILDER_ASSETS, where envtest leaves them, or on PATH. */
export async function installed(
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<ReadonlyMap<string, string>> {
  const { KUBEBUILDER_ASSETS: assets, PATH = "" } = environment;
  const minor = kubernetesVersion.replace(/\.\d+$/, ".");
  const found = new Map<string, string>();
  for (const name of Object.values(names)) {
    const file = onPath(name, assets ? `${assets}${delimiter}${PATH}` : PATH);
    if (file === undefined) continue;
    const { stdout } = await execa(file, ["--version"], { reject: false, timeout: 60_000 });
    const version = /^Kubernetes (v\S+)$/m.exec(stdout ?? "")?.[1];
    if (version?.startsWith(minor)) found.set(name, file);
    else say(`"${file}" is not used: it is ${version ?? "broken"}, and the lab is made for ${minor}x`);
  }
  return found;
}

interface Build {
  readonly source: string;
  readonly into: string;
  readonly packages: readonly string[];
}

async function build(
  { source, into, packages }: Build,
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
    const { stdout } = await execa("go", ["list", "-deps", ...packages], {
      ...options,
      timeout: 15 * 60_000,
    });
    const total = stdout.split("\n").length;
    const flags = ["-v", ...buildFlags, "-o", `${into}/`];
    const child = execa("nice", ["-n", "5", "go", "build", ...flags, ...packages], {
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
      say(
        `Kubernetes: ${compiled} packages are compiled, the last one ${name}; at most ${total - compiled} are left`,
      );
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
