import type * as pulumi from "@pulumi/pulumi";
import type { MonitoringObjects } from "../components/alert-rules";
import { Pushgateway } from "../components/pushgateway";
import type { Estate } from "../plan";
import { secretCredential } from "../plan/layers/host-runner";
import { pinned } from "./images";
import type { Settings } from "./settings";

/** The secret and the image of the Pushgateway that a deployment makes; none where it is somebody else's. */
export function pushgatewayAsks({ monitoring }: Estate) {
  const { pushgatewayLogin: login, pushgatewayServer: server } = monitoring;
  return server && login
    ? [{ name: "the Pushgateway", credentials: [secretCredential(login.password)], images: [server.image] }]
    : [];
}

/** Makes the estate's Pushgateway, if it is to. Its secret and image have been required before. */
export function makePushgateway(
  { monitoring }: Estate,
  settings: Settings,
  objects: MonitoringObjects | undefined,
  opts: pulumi.ComponentResourceOptions,
): void {
  const { pushgatewayLogin: login, pushgatewayServer: server } = monitoring;
  const password = login && settings.secrets[login.password];
  if (!server || !password) return;
  new Pushgateway(
    "pushgateway",
    {
      namespace: monitoring.namespace,
      image: pinned(server.image, settings.images),
      storageClass: server.storageClass,
      nodePort: server.nodePort,
      ...{ user: login.user, password },
      ...(objects && { scraped: { interval: monitoring.scrapeInterval, labels: objects.labels } }),
    },
    opts,
  );
}
