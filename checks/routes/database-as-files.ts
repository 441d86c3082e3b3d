import { chainOf } from "../../plan/graph/copies";
import { copiesIn } from "../../plan/graph/copies-in";
import { layerGiving } from "../../plan/layers";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallsShort } from "../protection";

export const databaseAsFiles = defineCheck({
  code: "routes/database-as-files",
  severity: "warning",
  title: "A database server's files are copied, and nothing dumps it",
  why: "A snapshot has a server's files as a power cut leaves them, and brings back all of it or nothing, under the very version that wrote them. A page that was torn long ago is copied each night, and no copy tells; a dump reads each record, and comes back under a newer version too.",
  run: plan => {
    const short = fallsShort(plan);
    return plan.datasets.flatMap(dataset => {
      const { id, holds, unprotected } = dataset;
      const copies = copiesIn(plan).get(dataset) ?? [];
      if (holds !== "database" || unprotected || copies.length === 0 || short.has(dataset)) return [];
      if (copies.some(copy => chainOf(copy).some(({ flow: { source } }) => source.kind === "dataset")))
        return [];
      return [
        {
          subject: id,
          message: `${id} is a database server's, and ${copies.length === 1 ? "its one copy is" : `all ${copies.length} of its copies are`} files as a snapshot has them: no client of that server has read one.`,
          fix: `Add a dump of "${id}" to ${layerGiving("dumps of databases")}, or say in a waiver that its files are enough; if no copy is wanted: unprotected with reason, owner and expires in services.${dataset.service}.data, and no promise.`,
          evidence: { copies: copies.map(copy => copy.id) },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("a volume with a database server's files, and no dump", ({ services }) =>
          edit(services.nextcloud?.data[0], { holds: "database" } as object),
        ),
        {
          says: 'Add a dump of "nextcloud" to cluster-dump',
          edit: ({ layers }) => {
            const [etcd] = layers["cluster-dump"];
            if (etcd)
              layers["cluster-dump"].push({
                ...{ ...etcd, name: "nextcloud-backup", namespace: "nextcloud", dataset: "nextcloud" },
                ...{ schedule: { cron: "20 1 * * *" }, size: "10GB" },
                target: { host: "pve", path: "/srv/nfs/nextcloud-backup" },
              });
          },
        },
        {
          says: "unprotected with reason, owner and expires",
          edit: ({ services }) =>
            edit(services.nextcloud, {
              data: services.nextcloud?.data.map(each => ({
                ...each,
                unprotected: { reason: "filled anew each night", owner: "viktor", expires: "2027-06-30" },
              })),
              promise: undefined,
            } as object),
        },
      ),
    ],
    good: [
      example("a database with a dump of its own"),
      example("a volume with files alone", ({ services }) =>
        edit(services.nextcloud?.data[0], { holds: "files" } as object),
      ),
    ],
  },
});
