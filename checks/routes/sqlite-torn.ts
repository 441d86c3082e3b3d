import { chainOf } from "../../plan/graph/copies";
import { layerGiving } from "../../plan/layers";
import { copiesIn } from "../../plan/graph/copies-in";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallsShort } from "../protection";
import { listed } from "../wording";

export const sqliteTorn = defineCheck({
  code: "routes/sqlite-torn",
  severity: "warning",
  title: "Volumes hold SQLite databases, and nothing makes copies of those that are whole by themselves",
  why: "A snapshot has a database as a power cut leaves it. Most come back from that; one whose log was left behind, or that somebody opens without it, comes back torn or without its last days.",
  run: plan => {
    const short = fallsShort(plan);
    const byHost = new Map<string, string[]>();
    for (const dataset of plan.datasets) {
      if (dataset.holds !== "sqlite" || dataset.unprotected || short.has(dataset)) continue;
      const isWhole = (copiesIn(plan).get(dataset) ?? []).some(copy =>
        chainOf(copy).some(
          ({ flow: { source } }) =>
            source.kind === "dataset" || (source.kind === "copies-of" && source.holds !== undefined),
        ),
      );
      const host = dataset.location.machine.name;
      if (!isWhole) byHost.set(host, [...(byHost.get(host) ?? []), dataset.id]);
    }
    return [...byHost].map(([host, left]) => ({
      subject: host,
      message: `${listed(left)} on ${host} ${left.length === 1 ? "holds a SQLite database" : "hold SQLite databases"}, and all copies are files as a snapshot has them: none was read through SQLite, and proven to be whole.`,
      fix: `Add sqlite: { keep: { count: 4, every: "week" } } to ${layerGiving("generations of volumes")} of ${host}, or a dump of each.`,
      evidence: { left },
    }));
  },
  examples: {
    bad: [
      mended(
        example("a SQLite database of which only files are kept", ({ services, layers }) => {
          edit(services.nextcloud?.data[0], { holds: "sqlite" } as object);
          for (const part of layers["daily-backup"]) delete part.sqlite;
        }),
        {
          says: 'Add sqlite: { keep: { count: 4, every: "week" } }',
          edit: ({ layers }) =>
            edit(layers["daily-backup"][0], { sqlite: { keep: { count: 4, every: "week" } } }),
        },
      ),
    ],
    good: [
      example("a SQLite database that is copied through SQLite", ({ services }) =>
        edit(services.nextcloud?.data[0], { holds: "sqlite" } as object),
      ),
    ],
  },
});
