import { engineMessages, engineServices, grpc } from "./modules";
import type { Log, Severity } from "./provider";

/** The engine's own log service. */
export interface EngineLog {
  readonly log: Log;
  /** Settles when the engine has every line. */
  flush(): Promise<void>;
}

/**
 * Sends lines to the engine one after another, so that they keep their order.
 * @param address the engine's, as it gave it to this program; empty when it gave none
 */
export function engineLog(address: string): EngineLog {
  if (address === "") return { log: () => undefined, flush: async () => undefined };
  const client = new engineServices.EngineClient(address, grpc.credentials.createInsecure());
  const severities: Record<Severity, 0 | 1 | 2 | 3> = { debug: 0, info: 1, warning: 2, error: 3 };
  let sent = Promise.resolve();
  const log: Log = (severity, urn, text, ephemeral = false) => {
    const request = new engineMessages.LogRequest();
    request.setSeverity(severities[severity]);
    request.setUrn(urn);
    request.setMessage(text);
    request.setEphemeral(ephemeral);
    // A line that gets lost must not fail a deployment.
    sent = sent.then(() => new Promise(resolve => void client.log(request, () => resolve())));
  };
  return { log, flush: () => sent };
}
