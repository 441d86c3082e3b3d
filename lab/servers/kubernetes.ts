import { execa } from "execa";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, projectRoot } from "../cache";

/** Version of the API server; `kubernetes/go.mod` pins the modules that it is built from. */
export const kubernetesVersion = "v1.36.2";

/** Flags of the Go build: no C, no debug tables, and the version that the API reports about itself. */
const buildFlags = [
  "-mod=readonly",
  "-trimpath",
  `-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`,
];

/** Paths of the two programs of the control plane that the lab needs. */
export interface KubernetesPrograms {
  apiServer: string;
  controllerManager: string;
}

/**
 * Builds kube-apiserver and kube-controller-manager from source: Debian has no package of either. Takes 4 to 8 minutes
 * on two cores, once; later calls find the result by the text of go.mod and go.sum.
 * @param say told one line before a build, nothing when the result is there
 */
export async function kubernetesPrograms(say: (line: string) => void): Promise<KubernetesPrograms> {
  const source = join(projectRoot, "lab", "servers", "kubernetes");
  const texts = ["go.mod", "go.sum"].map(name => readFileSync(join(source, name), "utf8"));
  const folder = await cached("kubernetes", [...texts, ...buildFlags], async into => {
    say(`kubernetes: building kube-apiserver and kube-controller-manager ${kubernetesVersion} from source`);
    say("kubernetes: compiling it takes 4 to 8 minutes on two cores, once; the result is kept");
    // The build works in the copy, so a newer Go has no way to rewrite the committed files.
    cpSync(source, join(into, "source"), { recursive: true });
    await execa("nice", ["-n", "5", "go", "build", ...buildFlags, "-o", `${into}/`, "tool"], {
      cwd: join(into, "source"),
      env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
      timeout: 45 * 60_000,
    });
  });
  return {
    apiServer: join(folder, "kube-apiserver"),
    controllerManager: join(folder, "kube-controller-manager"),
  };
}
