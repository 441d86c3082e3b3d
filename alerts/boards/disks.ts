import type { Plan } from "../../plan";
import { seriesOf } from "../series";
import type { BoardPanel } from "./board";
import { rowsBy } from "./series-text";

const available = "node_filesystem_avail_bytes";
const size = "node_filesystem_size_bytes";
const legend = "{{mountpoint}} of {{instance}}";

/** The hosts' disks, where the estate lists an exporter that tells of them. */
export function disksPanels(plan: Plan): BoardPanel[] {
  const selector = (metric: string): string => {
    const found = seriesOf(plan).get(metric) ?? [];
    const of = (label: string): string =>
      [...new Set(found.map(({ labels }) => labels[label] ?? ""))].join("|");
    return `${metric}{job=~"${of("job")}",instance=~"${of("instance")}"}`;
  };
  if (!seriesOf(plan).has(available)) return [];
  const free = selector(available);
  return [
    {
      kind: "lines",
      title: "Room on the disks",
      unit: "bytes",
      queries: [{ expr: free, legend }],
    },
    ...(seriesOf(plan).has(size)
      ? [
          {
            kind: "lines",
            title: "Room on the disks, of all of it",
            unit: "percent",
            queries: [{ expr: `100 * ${free} / ${selector(size)}`, legend }],
          } as const,
        ]
      : []),
    {
      kind: "table",
      title: "Disks that fill",
      says: "How long each disk lasts if it goes on as in the last seven days. One that doesn't fill lasts for ever: a byte a second is the least that is reckoned with.",
      columns: [
        { name: "free", unit: "bytes", expr: ofEach(free) },
        { name: "full in", unit: "seconds", expr: ofEach(`${free} / clamp_min(-deriv(${free}[7d]), 1)`) },
      ],
    },
  ];
}

const ofEach = rowsBy("instance", "mountpoint");
