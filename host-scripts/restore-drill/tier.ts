import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import type { Version } from "../../plan/contracts/versions";

export type Tier = RestoreDrillConfig["tiers"][number];
export type DiskTier = Exclude<Tier, { readonly kind: "offsite" }>;
export type OffsiteTier = Extract<Tier, { readonly kind: "offsite" }>;

/** A tier of the backup disk, with all that its job has there. */
export interface Listed {
  readonly tier: DiskTier;
  readonly versions: readonly Version[];
}

/** @throws {Error} for none, which the contract refuses */
export function commandOf({ command: [program, ...args] }: Tier): [string, ...string[]] {
  if (program === undefined) throw new Error("a tier has no command");
  return [program, ...args];
}
