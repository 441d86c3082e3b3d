import { execa } from "execa";
import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { cached } from "../cache";
import { until } from "../process";
import type { Api } from "./api";

/** The Go module that the definitions come from, and its checksum as `go mod download -json` gives it. */
const operator = {
  module: "github.com/prometheus-operator/prometheus-operator",
  version: "v0.85.0",
  sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
} as const;

const kinds = ["prometheusrules", "alertmanagerconfigs"] as const;

const download = z.object({ Dir: z.string(), Sum: z.string() });

/**
 * Files with the PrometheusRule and AlertmanagerConfig definitions of the Prometheus operator.
 * @throws when the module's checksum is not the pinned one
 */
export async function operatorCrds(): Promise<string[]> {
  const folder = await cached(
    "operator-crds",
    [operator.module, operator.version, operator.sum],
    async into => {
      const { stdout } = await execa(
        "go",
        ["mod", "download", "-json", `${operator.module}@${operator.version}`],
        {
          cwd: into,
          env: { GOFLAGS: "-mod=mod", GOWORK: "off" },
          timeout: 10 * 60_000,
        },
      );
      const { Dir, Sum } = download.parse(JSON.parse(stdout));
      if (Sum !== operator.sum)
        throw new Error(
          `${operator.module} ${operator.version} has checksum ${Sum}, expected ${operator.sum}. Nothing was taken from it.`,
        );
      for (const kind of kinds) {
        const name = crdFile(kind);
        copyFileSync(join(Dir, "example", "prometheus-operator-crd", name), join(into, name));
        chmodSync(join(into, name), 0o644);
      }
    },
  );
  return kinds.map(kind => join(folder, crdFile(kind)));
}

const definition = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });
const established = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
});

/** Makes the API serve the definitions in these files, and waits until it does. */
export async function applyCrds(api: Api, files: readonly string[]): Promise<void> {
  await Promise.all(
    files.map(async file => {
      const object = definition.parse(parse(readFileSync(file, "utf8")));
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${object.metadata.name}`;
      await api.apply(path, object);
      const served = await until(async () => {
        const now = established.safeParse(await api.get(path));
        return (
          now.data?.status.conditions.some(it => it.type === "Established" && it.status === "True") ?? false
        );
      }, 600_000);
      if (!served) throw new Error(`the Kubernetes API doesn't serve ${object.metadata.name} after 600 s`);
    }),
  );
}

function crdFile(kind: (typeof kinds)[number]): string {
  return `monitoring.coreos.com_${kind}.yaml`;
}
