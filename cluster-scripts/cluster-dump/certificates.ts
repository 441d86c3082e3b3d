import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { certificateEndMetric } from "../../plan/contracts/cluster-dump";
import { messageOf } from "../../host-scripts/runtime/errors";
import { family } from "../../host-scripts/runtime/metric-text";
import { tellPart } from "../../host-scripts/runtime/part-metrics";
import type { Certificate, ClusterDump } from "./cluster-dump";
import type { Client } from "./exchange";

/** Those that can be read of what the client has told of: tell_certificates of `clients/exchange.sh`. @returns undefined where it tells of none */
export function certificatesOf(
  client: Client,
  { log, notes }: Pick<ClusterDump, "log" | "notes">,
): Certificate[] | undefined {
  if (!existsSync(client.path("certificates"))) return undefined;
  const pem = client.text("certificates").match(/-----BEGIN [^]*?-----END [^\n]*/g) ?? [];
  return pem.flatMap(text => {
    try {
      const { subject, validTo } = new X509Certificate(text);
      return [{ subject: subject.replaceAll("\n", ", "), endsAt: Math.floor(Date.parse(validTo) / 1000) }];
    } catch (error) {
      const fault = `a certificate in the client's secret can't be read, and nobody is told before it ends: ${messageOf(error)}`;
      log.warn(fault);
      notes.push(fault);
      return [];
    }
  });
}

/** Tells which of them ends first, and when: also after a dump that failed, as each does once one has ended. */
export async function tellCertificates(
  { config, certificates, log }: ClusterDump,
  stop: AbortSignal,
): Promise<void> {
  // Nothing is known of what the secret has: what was told before stays.
  if (!certificates) return;
  const [first] = [...certificates].sort((a, b) => a.endsAt - b.endsAt);
  const series = first ? [{ labels: { certificate: first.subject }, value: first.endsAt }] : [];
  const textfile = join(config.stateDir, "certificates.prom");
  const what = "when the client's certificate ends";
  await tellPart(config, { families: [family(certificateEndMetric, series)], textfile, what }, stop, log);
}
