import type { Plan } from "../../plan";
import { datasetId } from "../../plan/datasets";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { mended, sqliteDumpExample } from "../examples";

export const sqliteUnsaid = defineCheck({
  code: "routes/sqlite-unsaid",
  severity: "warning",
  title: "A volume is dumped by SQLite's client, and isn't said to hold SQLite databases",
  why: "Its dump finds them there. What is told of all other copies of the volume goes by what it is said to hold: as files, nobody asks for a copy that SQLite has read, and a restore from a snapshot isn't said to be as of a power cut.",
  run: plan =>
    dumpedBySqlite(plan).flatMap(({ id, holds, job }) =>
      holds === "sqlite"
        ? []
        : [
            {
              subject: id,
              message: `${id} is dumped by ${job} as SQLite databases, and is said to hold ${holds === "files" ? "files" : `a ${holds}`}.`,
              fix: `Add holds: "sqlite" to ${id}, or give ${job} another engine.`,
              evidence: { job, holds },
            },
          ],
    ),
  examples: {
    bad: [
      mended(
        sqliteDumpExample("a dump of a volume of which the estate says no more", {}),
        {
          says: 'Add holds: "sqlite"',
          edit: ({ services }) => edit(services.nextcloud?.data[0], { holds: "sqlite" } as object),
        },
        {
          says: "another engine",
          edit: ({ layers }) => {
            layers["cluster-dump"] = layers["cluster-dump"].filter(({ name }) => name !== "nextcloud-backup");
          },
        },
      ),
    ],
    good: [sqliteDumpExample("a dump of a volume with SQLite databases", { holds: "sqlite" })],
  },
});

function dumpedBySqlite({ estate, datasets }: Plan) {
  return Object.values(estate.layers).flatMap(parts =>
    parts.flatMap(part => {
      if (!("dump" in part) || part.dump?.engine !== "sqlite") return [];
      const { dataset, name: job } = part;
      return datasets
        .filter(({ id }) => id === datasetId(dataset))
        .map(({ id, holds }) => ({ id, holds, job }));
    }),
  );
}
