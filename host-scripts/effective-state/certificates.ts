import { once } from "node:events";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { InForce } from "../../plan/contracts/in-force";
import { ready, shell } from "../runtime/shell";
import { within } from "../runtime/within";
import type { Difference } from "./effective-state";

type Certificate = Extract<InForce, { kind: "certificate" }>;

const dayMs = 86_400_000;
const patienceMs = 10_000;

/** By what each server shows. Of one that isn't reached, the jobs that need it tell. */
export async function certificateDifferences(
  certificates: readonly Certificate[],
  stop: AbortSignal,
): Promise<Difference[]> {
  const found = await Promise.all(
    certificates.map(async ({ url }): Promise<Difference[]> => {
      const { hostname, port } = new URL(url);
      const shown = await shownBy(hostname.replace(/^\[|\]$/g, ""), Number(port || 443), stop);
      if (!shown) return [];
      const leftMs = shown.untilMs - Date.now();
      const leastMs = leastLeftMs(shown);
      if (leftMs >= leastMs) return [];
      const until = new Date(shown.untilMs).toISOString();
      const at = `${hostname}:${port || 443}`;
      return [
        {
          ...{ kind: "certificate", subject: url },
          text: `declared a certificate that is valid, and what the server shows ${leftMs < 0 ? "ended" : `ends in ${Math.floor(leftMs / dayMs)} d`}, at ${until}: jobs of this host that ask it fail from then on`,
          next: shell`openssl s_client -connect ${at} ${ready("</dev/null | openssl x509 -noout -subject -issuer -enddate")}`,
        },
      ];
    }),
  );
  return found.flat();
}

interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Two weeks are enough to make another one; whoever makes new ones by itself, as an ACME client does, has one before a fifth of its time is left. */
function leastLeftMs({ fromMs, untilMs }: Validity): number {
  return Math.min(14 * dayMs, (untilMs - fromMs) / 5);
}

/** Whether it is believed is nothing that this asks: an old one is looked at too. */
async function shownBy(host: string, port: number, stop: AbortSignal): Promise<Validity | undefined> {
  const signal = within(stop, patienceMs);
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  });
  try {
    await once(socket, "secureConnect", { signal });
    const { valid_from, valid_to } = socket.getPeerCertificate();
    const [fromMs, untilMs] = [Date.parse(valid_from), Date.parse(valid_to)];
    return Number.isNaN(fromMs) || Number.isNaN(untilMs) ? undefined : { fromMs, untilMs };
  } catch {
    stop.throwIfAborted();
    return undefined;
  } finally {
    socket.destroy();
  }
}
