import { dirname } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type EstateSource, estateInput } from "./estate-of-stack";
import { deploy, type Outputs } from "./program";
import { surroundings } from "./surroundings";

/** The program of every stack: its estate comes from stacks/STACK/estate.ts. Called by stacks/index.cjs. */
export async function run(source: EstateSource): Promise<Outputs> {
  const { folder } = source;
  const stack = pulumi.getStack();
  const around = surroundings([folder, dirname(folder)], ["--stack", stack]);
  return deploy(await estateInput(source, stack), around);
}
