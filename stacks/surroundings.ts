import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { probeHost } from "./probe";
import type { Surroundings } from "./program";
import { podPrograms, runnerOf } from "./runner";
import { runbooksArchive } from "./runbooks";
import { readSettings } from "./settings";

/**
 * The world as the engine and this machine have it.
 * @param folders where the stack's file may lie
 * @param named flags by which `holdfast` finds the stack's estate in the folder that it is deployed from
 */
export function surroundings(folders: readonly string[], named: readonly string[]): Surroundings {
  return {
    settings: () => readSettings(pulumi.runtime.allConfig(), process.env, stackFile(folders)),
    bundleOf: runner => runnerOf(runner),
    podPrograms,
    runbooks: plan => runbooksArchive(plan, named),
    probe: probeHost,
    nowMs: Date.now(),
  };
}

/** Text of the stack's file, which lies beside Pulumi.yaml; undefined where it is kept elsewhere (`--config-file`). */
function stackFile(folders: readonly string[]): string | undefined {
  const name = `Pulumi.${pulumi.getStack()}.yaml`;
  const found = folders.map(folder => join(folder, name)).find(path => existsSync(path));
  return found && readFileSync(found, "utf8");
}
