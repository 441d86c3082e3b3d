import type { PanelUnit } from "../../plan/panel";

/** A dashboard as data: whoever writes it for Grafana decides nothing. */
export interface Board {
  /** By which alerts point to it; the same for the same estate, whatever else changes. */
  readonly uid: string;
  readonly title: string;
  /** "holdfast" and the estate's name. */
  readonly tags: readonly string[];
  readonly rows: readonly BoardRow[];
}

export interface BoardRow {
  readonly title: string;
  readonly panels: readonly BoardPanel[];
}

export interface BoardQuery {
  readonly expr: string;
  /** What a line is called: text with `{{label}}` for what the series has. */
  readonly legend: string;
}

export type BoardPanel =
  /** Lines over time. */
  | {
      readonly kind: "lines";
      readonly title: string;
      readonly unit: PanelUnit;
      readonly queries: readonly BoardQuery[];
    }
  /** What is now: a row for each set of the labels that its queries give, a column for each query. */
  | {
      readonly kind: "table";
      readonly title: string;
      readonly says: string;
      readonly columns: readonly BoardColumn[];
    }
  /** What the plan says, in Markdown. */
  | { readonly kind: "text"; readonly title: string; readonly text: string };

export interface BoardColumn {
  readonly name: string;
  readonly expr: string;
  readonly unit: PanelUnit;
  /** From there on it is red. @default never */
  readonly badFrom?: number;
}

/** Every query of a board, with the panel that it is of. */
export function queriesOf({ rows }: Board): { readonly panel: string; readonly expr: string }[] {
  return rows
    .flatMap(({ panels }) => panels)
    .flatMap(panel => {
      switch (panel.kind) {
        case "lines":
          return panel.queries.map(({ expr }) => ({ panel: panel.title, expr }));
        case "table":
          return panel.columns.map(({ name, expr }) => ({ panel: `${panel.title}, ${name}`, expr }));
        case "text":
          return [];
        default:
          return panel satisfies never;
      }
    });
}
