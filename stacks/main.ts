import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type EstateSource, estateInput } from "./estate-of-stack";
import { probeHost } from "./probe";
import { deploy, type Outputs } from "./program";
import { podPrograms, runnerOf } from "./runner";
import { readSettings } from "./settings";

/** Text of the stack's file, which lies beside Pulumi.yaml; undefined where it is kept elsewhere (`--config-file`). */
function stackFile({ folder }: EstateSource): string | undefined {
  const name = `Pulumi.${pulumi.getStack()}.yaml`;
  const found = [join(folder, name), join(dirname(folder), name)].find(path => existsSync(path));
  return found && readFileSync(found, "utf8");
}

/** The program of every stack: its estate comes from stacks/STACK/estate.ts. Called by stacks/index.cjs. */
export async function run(source: EstateSource): Promise<Outputs> {
  return deploy(await estateInput(source, pulumi.getStack()), {
    settings: () => readSettings(pulumi.runtime.allConfig(), process.env, stackFile(source)),
    bundleOf: runner => runnerOf(runner),
    podPrograms,
    probe: probeHost,
    nowMs: Date.now(),
  });
}
