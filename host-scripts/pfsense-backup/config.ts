import { closeSync, fsyncSync, openSync } from "node:fs";
import { writeAll } from "../runtime/durable";
import { join } from "node:path";
import { readCredential } from "../runtime/credentials";
import { exitCodes, messageOf, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { lastWhole, refuseCollapse } from "./collapse";
import { keepHalf, lastIncompleteWith } from "./incomplete";
import { promptCommand, PromptFailed } from "./command-prompt";
import { buildOf, type FirewallBackup, noBackup, stallMs } from "./pfsense-backup";
import { NotWellFormed, outlineOf } from "./xml";

/** On each pfSense; base64(1) came with FreeBSD 14. */
const command = "/usr/bin/openssl base64 -in /cf/conf/config.xml";
const longestMs = 5 * 60_000;

/**
 * Fetches config.xml over the API, and keeps it once it is a whole configuration of a pfSense. One that is no good ends the run once
 * the tar, which comes another way, was fetched.
 */
export const config: Phase<FirewallBackup> = {
  name: "config",
  async run(backup) {
    let bytes: Buffer;
    try {
      bytes = await goodConfig(backup);
    } catch (error) {
      backup.stop.check("config");
      if (!(error instanceof RunnerError) || error.exitCode !== exitCodes.failed) throw error;
      backup.configFailure = error;
      backup.log.warn(error.failed);
      return;
    }
    const { folder } = buildOf(backup);
    const file = join(folder, "config.xml");
    writeSecret(file, bytes);
    const last = lastIncompleteWith(backup.config, "config.xml") ?? lastWhole(backup);
    refuseCollapse(backup, "config.xml", folder, last);
    await keepHalf(backup, "config.xml");
    backup.configBytes = bytes.length;
  },
};

async function goodConfig(backup: FirewallBackup): Promise<Buffer> {
  const { api, atLeastBytes } = backup.config;
  const bytes = await fetchConfig(backup);
  const next = shell`curl --head ${api.url}`;
  if (bytes.length < atLeastBytes.config)
    throw noBackup(
      `the firewall's config.xml has ${bytes.length} bytes, expected at least ${atLeastBytes.config}`,
      next,
    );
  const wrong = configFault(bytes);
  if (wrong !== undefined)
    throw noBackup(`the firewall's config.xml is no whole configuration: ${wrong}`, next);
  return bytes;
}

async function fetchConfig({ config: { api, ...config }, stop }: FirewallBackup): Promise<Buffer> {
  try {
    const output = await promptCommand(
      {
        url: api.url,
        key: readCredential(config, api.key),
        certificateSha256: api.certificateSha256,
        ...{ stallMs: stallMs({ ...config, api }), timeoutMs: longestMs, stop: stop.signal },
      },
      command,
    );
    const encoded = output.replace(/\s+/g, "");
    // The command's stderr is in its output too.
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded))
      throw new PromptFailed(`its shell said ${quoted(output.slice(0, 200))}`);
    return Buffer.from(encoded, "base64");
  } catch (error) {
    if (!(error instanceof PromptFailed)) throw error;
    throw noBackup(
      `the firewall's API at ${api.url} gave no config.xml: ${messageOf(error)}`,
      shell`curl --head ${api.url}`,
    );
  }
}

/** What a pfSense doesn't start without. */
const neededSections = ["version", "system", "interfaces"];

/** @returns what is wrong with a configuration, so that no firewall would start with it */
export function configFault(bytes: Buffer): string | undefined {
  try {
    const { root, children } = outlineOf(bytes);
    if (root !== "pfsense") return `its root is <${root}>, expected <pfsense>`;
    const missing = neededSections.filter(section => !children.includes(section));
    return missing.length > 0 ? `it has no ${missing.map(name => `<${name}>`).join(", ")}` : undefined;
  } catch (error) {
    if (error instanceof NotWellFormed) return error.message;
    throw error;
  }
}

function writeSecret(path: string, bytes: Buffer): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeAll(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
