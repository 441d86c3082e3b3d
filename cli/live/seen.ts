import type { SeenCluster } from "./cluster";
import type { Astray, Heard } from "../../plan/contracts/alert-routing";
import type { LoadedGroup } from "../../plan/contracts/loaded-rules";
import type { SeenHost } from "./host";

/** What a receiver of the plan doesn't hear, as Alertmanager itself leads alerts. */
export interface Led {
  readonly heard: Heard;
  readonly strays: readonly Astray[];
}

/** What is there, by those who answered. */
export interface Seen {
  readonly hosts: readonly SeenHost[];
  readonly clusters: readonly SeenCluster[];
  /** Whether every cluster of the estate answered: what none of them has is nowhere. */
  readonly allClusters: boolean;
  /** What Prometheus has loaded of alerts; undefined where nobody told. */
  readonly loaded: readonly LoadedGroup[] | undefined;
  /** Where Alertmanager leads alerts to; undefined where nobody told. */
  readonly routed: readonly Led[] | undefined;
}
