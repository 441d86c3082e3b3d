import {
  type DataSourceRef,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  type DataTransformerConfig,
  DatasourceVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TextBuilder, TextMode } from "@grafana/grafana-foundation-sdk/text";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Board, BoardColumn, BoardPanel } from "../../alerts/boards/board";
import type { PanelUnit } from "../../plan/panel";

/** Whoever looks chooses it: Grafana begins with its default Prometheus. */
const source: DataSourceRef = { type: "prometheus", uid: "${datasource}" };

const units: Readonly<Record<PanelUnit, string>> = {
  age: "s",
  seconds: "s",
  days: "d",
  bytes: "bytes",
  percent: "percent",
  count: "short",
  "yes-no": "short",
};

/** Of 24: a table has all of the width, of others two stand side by side. */
const [whole, half] = [24, 12];

/** A dashboard in Grafana's own JSON, the same to the byte for the same plan. */
export function grafanaJson(board: Board): string {
  const builder = new DashboardBuilder(board.title)
    .uid(board.uid)
    .tags([...board.tags])
    .readonly()
    .refresh("1m")
    .time({ from: "now-7d", to: "now" })
    .timezone("browser")
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
  for (const { title, panels } of board.rows) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(built(panel));
  }
  return `${JSON.stringify(builder.build(), undefined, 2)}\n`;
}

function built(panel: BoardPanel): LinesBuilder | TableBuilder | TextBuilder {
  switch (panel.kind) {
    case "text":
      return new TextBuilder()
        .title(panel.title)
        .span(half)
        .height(8)
        .mode(TextMode.Markdown)
        .content(panel.text);
    case "lines": {
      const lines = new LinesBuilder()
        .title(panel.title)
        .span(half)
        .height(8)
        .datasource(source)
        .unit(units[panel.unit])
        .min(0);
      for (const [index, { expr, legend }] of panel.queries.entries())
        lines.withTarget(query(expr, index).range().legendFormat(legend));
      return lines;
    }
    case "table":
      return table(panel);
    default:
      return panel satisfies never;
  }
}

function table({ title, says, columns }: Extract<BoardPanel, { kind: "table" }>): TableBuilder {
  const built = new TableBuilder()
    .title(title)
    .description(says)
    .span(whole)
    .height(9)
    .datasource(source)
    .transformations(inOneRow(columns));
  for (const [index, { name, expr, unit, badFrom }] of columns.entries()) {
    built.withTarget(query(expr, index).instant().format(PromQueryFormat.Table));
    const properties = [{ id: "unit", value: units[unit] }];
    built.overrideByName(name, badFrom === undefined ? properties : [...properties, ...redFrom(badFrom)]);
  }
  return built;
}

/** A query is called A, B and so on, by which a table's columns are named. */
function query(expr: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder().datasource(source).refId(refId(index)).expr(expr);
}

function refId(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${refId(Math.floor(index / 26) - 1)}${letter}`;
}

/** Grafana gives each query a table of its own, with a column called "Value #A". */
function inOneRow(columns: readonly BoardColumn[]): DataTransformerConfig[] {
  const renameByName = Object.fromEntries(
    columns.map(({ name }, index) => [columns.length === 1 ? "Value" : `Value #${refId(index)}`, name]),
  );
  return [
    { id: "merge", options: {} },
    { id: "organize", options: { excludeByName: { Time: true }, renameByName } },
  ];
}

function redFrom(value: number): { id: string; value: unknown }[] {
  const thresholds = new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: "green" },
      { value, color: "red" },
    ])
    .build();
  return [
    { id: "thresholds", value: thresholds },
    {
      id: "custom.cellOptions",
      value: { type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic },
    },
  ];
}
