import * as pulumi from "@pulumi/pulumi";
import { type EstateSource, estateInput } from "./estate-of-stack";
import { probeHost } from "./probe";
import { deploy, type Outputs } from "./program";
import { runnerOf } from "./runner";
import { readSettings } from "./settings";

/** The program of every stack: its estate comes from stacks/STACK/estate.ts. Called by stacks/index.cjs. */
export async function run(source: EstateSource): Promise<Outputs> {
  return deploy(estateInput(source, pulumi.getStack()), {
    settings: () => readSettings(pulumi.runtime.allConfig(), process.env),
    bundleOf: runnerOf,
    probe: probeHost,
    nowMs: Date.now(),
  });
}
