import type { PartMetric } from "../../plan/contracts/metric";

/** Series of one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly series: readonly Series[];
}

/** Series of a metric of which there is one for each of something. */
export interface PartFamily extends Family {
  /** The group in which its series come and go as a whole. */
  readonly part: string;
}

interface Series<Label extends string = string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

export function family<Label extends string>(
  { name, help, labels: { part } }: PartMetric<Label>,
  series: readonly Series<NoInfer<Label>>[],
): PartFamily {
  return { name, help, part, series };
}

/** In Prometheus' text format. */
export function textOf({ name, help, series }: Family): string {
  const lines = series.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, of]) => `${label}=${labelValue(of)}`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.sort().join("")}`;
}

/** The format knows three escapes; with another one, all of the text is refused. */
function labelValue(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
