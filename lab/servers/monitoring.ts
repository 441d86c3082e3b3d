/**
 * How often the lab's monitoring looks, and how soon it speaks: a homelab's minutes made seconds, so that an alert can be
 * waited for. The lab's estate states the same values.
 */
export const labMonitoring = {
  scrapeInterval: "2s",
  evaluationInterval: "2s",
  /** For the hosts' node-exporters: on a busy machine, a guest's answer takes longer than the Pushgateway's. */
  hostScrapeInterval: "5s",
  /** Alertmanager's `group_wait` and `group_interval`, for routes that set none of their own. */
  groupWait: "1s",
  groupInterval: "2s",
  repeatInterval: "4h",
  /** How often Prometheus tells Alertmanager again that an alert still fires. */
  resendDelay: "5s",
  /**
   * How often objects in the Kubernetes API are compared with what Prometheus and Alertmanager have loaded: each comparison
   * takes 17 ms of a processor, and nearly as much of the API server's.
   */
  syncEveryMs: 2000,
} as const;

/**
 * Which alerts an AlertmanagerConfig's routes see: `alertmanagerConfigMatcherStrategy` of the operator's Alertmanager.
 * The operator's default, OnNamespace, asks each alert for a label `namespace` with the object's namespace.
 */
export type MatcherStrategy = "OnNamespace" | "OnNamespaceExceptForAlertmanagerNamespace" | "None";

/** The operator's default, so that an alert which it wouldn't route isn't routed here either. */
export const matcherStrategy: MatcherStrategy = "OnNamespace";

/** Namespace of the PrometheusRule and AlertmanagerConfig objects, of the Secret below, and so to say of Alertmanager. */
export const monitoringNamespace = "monitoring";

/** The Secret that an AlertmanagerConfig names for Slack: its key holds the address of the receiver. */
export const slackSecret = { name: "holdfast-slack", key: "url" } as const;

/** The Secret with the address that Alertmanager calls again and again. */
export const deadManSecret = { name: "holdfast-dead-man", key: "url" } as const;

/** Node-exporters that Prometheus scrapes: address, and the instance name that alerts show. */
export const nodeExporters = [{ target: "10.77.0.11:9100", instance: "pve" }] as const;
