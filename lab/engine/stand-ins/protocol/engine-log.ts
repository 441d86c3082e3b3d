import { engineMessages, engineServices, grpc } from "./modules";
import type { Log, Severity } from "./provider";

/**
 * Sends lines to the engine's own log service.
 * @param address the engine's, as it gave it to this program; empty when it gave none
 */
export function engineLog(address: string): Log {
  if (address === "") return () => undefined;
  const client = new engineServices.EngineClient(address, grpc.credentials.createInsecure());
  const severities: Record<Severity, 0 | 1 | 2 | 3> = { debug: 0, info: 1, warning: 2, error: 3 };
  return (severity, urn, text, ephemeral = false) => {
    const request = new engineMessages.LogRequest();
    request.setSeverity(severities[severity]);
    request.setUrn(urn);
    request.setMessage(text);
    request.setEphemeral(ephemeral);
    // A line that gets lost must not fail a deployment.
    client.log(request, () => undefined);
  };
}
