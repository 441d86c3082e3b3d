import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { writeDurably } from "../runtime/durable";

/** Whether an earlier run knew what it made by the same config. */
export function isKnownConfig(config: NfsMirrorConfig): boolean {
  return readText(hashFile(config)) === configHash(config);
}

/** Whether what the source lacks is this job's: a run with the same config found nothing else at the target, even if it was killed since. */
export function isOwnTarget(config: NfsMirrorConfig): boolean {
  return isKnownConfig(config) || readText(ownFile(config)) === configHash(config);
}

/** @param isOwn whether all that lies at the target is the source's too, before a run with this config changes anything */
export function rememberOwn(config: NfsMirrorConfig, isOwn: boolean): void {
  if (isOwn) rememberText(ownFile(config), configHash(config));
  else rmSync(ownFile(config), { force: true });
}

/** Whether the mirror was made of another file system. */
export function isOtherSource(config: NfsMirrorConfig): boolean {
  const mirrored = readText(sourceFile(config));
  return mirrored !== undefined && mirrored !== config.source.fsUuid;
}

export function rememberConfig(config: NfsMirrorConfig): void {
  rememberText(hashFile(config), configHash(config));
  rememberText(sourceFile(config), config.source.fsUuid);
}

/** On a usual night it is there: what isn't written anew needn't wait for the disk. */
function rememberText(file: string, text: string): void {
  if (readText(file) !== text) writeDurably(file, text, 0o600);
}

/** Of all that says what is mirrored where. */
function configHash({ source, target, excludes, keep }: NfsMirrorConfig): string {
  return createHash("sha256").update(JSON.stringify({ source, target, excludes, keep })).digest("hex");
}

function hashFile({ stateDir }: NfsMirrorConfig): string {
  return join(stateDir, "config-hash");
}

function ownFile({ stateDir }: NfsMirrorConfig): string {
  return join(stateDir, "own-target");
}

/** The file system that the mirror was made of. */
function sourceFile({ stateDir }: NfsMirrorConfig): string {
  return join(stateDir, "source-fs");
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
