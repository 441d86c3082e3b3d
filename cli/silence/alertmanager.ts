import type { Estate } from "../../plan";
import { directly, type Request } from "../directly";
import type { Answered } from "../answered";
import { askClusters, type ClusterChoice, postOf, rawOf } from "../kubectl";

/** Asks Alertmanager's API, version 2. */
export type AskAlertmanager = (request: Request) => Promise<Answered<{ readonly text: string }>>;

/** The service that Prometheus' operator makes for each Alertmanager. */
const service = "alertmanager-operated:9093";

/** How an estate's Alertmanager is reached: where the estate says, or else through the API of its cluster, by this machine's `kubectl`. */
export async function alertmanagerOf(
  estate: Estate,
  choice: ClusterChoice,
): Promise<Answered<{ readonly ask: AskAlertmanager }>> {
  const { alertmanager: url, namespace } = estate.monitoring;
  if (url !== undefined) return { ask: request => directly(`${url.replace(/\/$/, "")}/api/v2`, request) };
  const below = `/api/v1/namespaces/${namespace}/services/${service}/proxy/api/v2`;
  const ask: AskAlertmanager = request => {
    const path = `${below}/${request.path}`;
    return request.method === "POST"
      ? postOf(choice, path, request.body)
      : rawOf(choice, { ...request, path });
  };
  const names = Object.keys(estate.clusters);
  if (names.length === 0)
    return {
      cause:
        'the estate has no cluster, and doesn\'t say where Alertmanager answers. Next: monitoring: { alertmanager: "http://…:9093" } in the estate',
    };
  const answers = [...(await askClusters(names, choice, estate, async () => ({ ask }))).values()];
  return answers.find(answer => "ask" in answer) ?? answers[0] ?? { cause: "no cluster was asked" };
}
