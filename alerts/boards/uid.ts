import type { Estate } from "../../plan/estate/schema";

/** Grafana takes no longer one. */
const longest = 40;

/** Uid of a layer's dashboard, or of the overview. Several estates may share one Grafana. */
export function boardUid({ name }: Pick<Estate, "name">, layer = "overview"): string {
  const whole = `holdfast-${name}-${layer}`;
  if (whole.length <= longest) return whole;
  const hash = hashOf(whole);
  return `${whole.slice(0, longest - hash.length - 1).replace(/-+$/, "")}-${hash}`;
}

/** What an alert says of its dashboard: a link where the estate says where Grafana is, its uid alone otherwise. */
export function dashboardOf(estate: Pick<Estate, "name" | "monitoring">, layer?: string): string {
  const grafana = estate.monitoring.dashboards?.grafana;
  const uid = boardUid(estate, layer);
  return grafana === undefined ? uid : `${grafana.replace(/\/$/, "")}/d/${uid}`;
}

/** FNV-1a: names that are cut are told apart. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}
