import { allClusterSeries } from "../../alerts/standing-cluster";
import type { Plan } from "../../plan";
import { addTo } from "../../plan/add-to";
import type { Dataset } from "../../plan/datasets";
import { chainOf, type Copy } from "../../plan/graph/copies";
import { fieldText } from "../../plan/estate/faults";
import type { Domain } from "../../plan/estate/services";
import { survivorsOf, worstAloneMs } from "../../plan/graph/loss";
import { parseDuration } from "../../plan/units/duration";
import type { Exclude, Location } from "../../plan/job";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck, type Example, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample, mended, kubeStateMetrics } from "../examples";
import { type Hidden, hiddenInTree } from "../hidden";
import { fallingShort, fallsShort } from "../protection";
import { read } from "../said";
import { waiverOf } from "../waived";
import { counted, listed, placeText } from "../wording";

export const excludeHidesData = defineCheck({
  code: "routes/exclude-hides-data",
  severity: "error",
  title: "An excluded entry hides data that no other route carries",
  why: "The reference system dropped folders from a skip list and added them again for two years. Each was right on its day; nobody could see which data had lost its other route since.",
  run: plan => [
    ...hiddenByExcludes(plan),
    ...hiddenByKept(plan),
    ...dumpsLeftBehind(plan),
    ...leftOutOfDumps(plan),
  ],
  // Of a dump that stays where it was made, what is promised may count on it.
  without: (plan, { evidence }) => {
    const job = plan.jobs.find(({ called }) => called === evidence["job"]);
    if (!job || evidence["staysBehind"] === undefined) return [];
    const estate = structuredClone(plan.estate);
    const part = Object(read(estate, job.said)) as {
      excludes?: Exclude[];
      legs?: { excludes?: Exclude[] }[];
    };
    for (const place of [part, ...(part.legs ?? [])])
      place.excludes = place.excludes?.filter(({ name }) => name !== evidence["exclude"]) ?? [];
    return [estate];
  },
  explains: (_, { code }) => code.startsWith("promises/"),
  examples: {
    bad: [
      mended(
        mirrorExample("a mirror that leaves out the books", {
          excludes: [
            { name: "photos", reason: "goes to the NAS by a leg of its own" },
            { name: "books", reason: "too big for the old disk" },
          ],
        }),
        {
          says: 'Remove "books" from the excludes of nfs-mirror',
          edit: ({ layers }) => layers["nfs-mirror"][0]?.excludes?.splice(1, 1),
        },
      ),
      mended(
        mirrorExample("a mirror that leaves out the folder of etcd's dumps", {
          excludes: [
            { name: "photos", reason: "goes to the NAS by a leg of its own" },
            { name: "etcd-backup", reason: "dumps are no live data" },
          ],
        }),
        {
          says: 'Remove "etcd-backup" from the excludes of nfs-mirror',
          edit: ({ layers }) => layers["nfs-mirror"][0]?.excludes?.splice(1, 1),
        },
      ),
      mended(
        example("a mirror that leaves out one of two dumps", ({ layers }) => {
          const [etcd] = layers["cluster-dump"];
          if (!etcd) throw new Error("the example estate dumps etcd");
          layers["cluster-dump"].push({
            ...etcd,
            ...{ name: "etcd-again", schedule: { cron: "20 1 * * *" } },
            target: { host: "pve", path: "/srv/nfs/etcd-again" },
          });
          edit(layers["nfs-mirror"][0], {
            excludes: [
              { name: "photos", reason: "goes to the NAS by a leg of its own" },
              { name: "etcd-again", reason: "there is another" },
            ],
          });
        }),
        {
          says: 'Remove "etcd-again" from the excludes of nfs-mirror',
          edit: ({ layers }) => layers["nfs-mirror"][0]?.excludes?.splice(1, 1),
        },
      ),
      mended(
        example("an off-site leg that leaves out the volumes' files", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              {
                from: "/mnt/backup",
                to: "/Backup/pve-backup",
                excludes: [{ name: "pvc-data", reason: "generations of daily-backup" }],
              },
              { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
            ],
          }),
        ),
        {
          says: 'Remove "pvc-data" from the excludes of offsite-sync-backup',
          edit: ({ layers }) => {
            delete layers["offsite-sync"][0]?.legs[0]?.excludes;
          },
        },
      ),
      mended(
        example("a service in a namespace that snapshots leave out", ({ layers }) =>
          edit(layers["lvm-pvc-snapshot"][0], {
            excludeNamespaces: [
              { name: "dbaas", reason: "dumped each night instead" },
              { name: "nextcloud", reason: "high churn" },
            ],
          }),
        ),
        {
          says: 'Remove "nextcloud" from the excludes of lvm-pvc-snapshot',
          edit: ({ layers }) => layers["lvm-pvc-snapshot"][0]?.excludeNamespaces?.splice(1, 1),
        },
      ),
      mended(
        example("a service with the name of a folder that the mirror never writes", ({ services }) => {
          services.configs = {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/pve-config", size: "1GB" }],
            promise: { rpo: { site: "33h" } },
          };
        }),
        {
          says: "Rename /srv/nfs/pve-config",
          edit: ({ services }) =>
            edit(services.configs, {
              data: [{ kind: "tree", host: "pve", path: "/srv/nfs/configs", size: "1GB" }],
            }),
        },
      ),
      mended(
        dumpExample("passwords' dumps without what was attached to them", {
          ...{ name: "attachments", reason: "large and seldom asked for" },
        }),
        {
          says: 'Remove "attachments" from excludes',
          edit: ({ layers }) => {
            const [, , own] = layers["cluster-dump"];
            if (own?.dump?.engine === "sqlite") own.dump.excludes = [];
          },
        },
      ),
    ],
    good: [
      dumpExample("a dump without a cache", { name: "icon_cache", reason: "fetched anew from web sites" }),
      example("photos, left out of the mirror and carried by a leg of their own"),
      mirrorExample("an excluded entry that holds no data of the estate", {
        excludes: [{ name: "photos", reason: "goes to the NAS by a leg of its own" }],
      }),
    ],
  },
});

/** The sound example with a volume of passwords, and a dump of it that leaves something out. */
function dumpExample(name: string, left: { name: string; reason: string }): Example {
  return example(name, ({ clusters, services, layers, monitoring }) => {
    monitoring.exporters?.push(kubeStateMetrics(allClusterSeries));
    const [etcd] = layers["cluster-dump"];
    if (!etcd) throw new Error("the example estate dumps etcd");
    edit(clusters.k8s, { runnerImage: "docker.io/library/node:24-bookworm-slim" });
    services.passwords = {
      data: [
        {
          ...{ kind: "volume", host: "pve", pool: "data", namespace: "passwords", holds: "sqlite" },
          ...{ size: "200MB", churnPerDay: "1MB", growthPerDay: "0B" },
        },
      ],
      promise: { rpo: { application: "8h" }, rto: "8h" },
      needs: ["etcd"],
    };
    layers["cluster-dump"].push({
      ...etcd,
      ...{
        name: "passwords-backup",
        namespace: "passwords",
        dataset: "passwords",
        schedule: { cron: "20 1,7,13,19 * * *" },
        promise: { rpo: "8h" },
      },
      target: { host: "pve", path: "/srv/nfs/passwords-backup" },
      dump: {
        ...{ engine: "sqlite", image: "docker.io/keinos/sqlite3:3.46.1", owner: 1000 },
        ...{ usedBy: { app: "passwords" }, excludes: [left] },
      },
    });
  });
}

/** What one entry hides is one finding, however many lose their copies by it; but what somebody accepts of a dataset is told of that one. */
function hiddenByExcludes(plan: Plan): Found[] {
  const byEntry = new Map<string, { readonly dataset: Dataset; readonly hidden: Hidden }[]>();
  for (const { dataset, hidden } of fallingShort(plan, "exclude-hides-data"))
    if (hidden) {
      const accepted = waiverOf(plan, { code: "routes/exclude-hides-data", subject: dataset.id });
      const by = accepted ? [dataset.id] : [hidden.job.host, hidden.job.name, hidden.where];
      addTo(byEntry, by.join("\n"), { dataset, hidden });
    }
  return [...byEntry.values()].flatMap(all => {
    const [first, other] = all;
    if (!first) return [];
    const { dataset, hidden } = first;
    const { job, where, exclude } = hidden;
    const left = `${job.called} leaves out ${where} ("${exclude.reason}"), and with it`;
    return [
      {
        subject: other ? job.called : dataset.id,
        message: other
          ? `${left} ${counted(all.length, "dataset")}, ${listed(all.map(each => each.dataset.id))}: no other route carries them.`
          : `${left} ${dataset.id} at ${placeText(hidden.place)}: no other route carries it.`,
        fix: `Remove "${exclude.name}" from the excludes of ${job.called}, or give ${other ? "each" : "it"} another route; if no copy is wanted: unprotected in ${other ? "their data" : `services.${dataset.service}.data`}, and no promise.`,
        evidence: {
          ...{ job: job.called, exclude: exclude.name, path: placeText(hidden.place) },
          ...(other && { hidden: all.map(each => each.dataset.id) }),
        },
      },
    ];
  });
}

/** An entry that a mirror keeps at its target is one that it doesn't write there either. */
function hiddenByKept(plan: Plan): Found[] {
  return plan.copies.flatMap(({ dataset, job, flow, from }) => {
    const { source, target } = flow;
    if (source.kind !== "tree" || dataset.unprotected) return [];
    const deletion = job.deletes.find(({ location }) => location.path === target.path);
    if (!deletion || deletion.keeps.length === 0) return [];
    const place = from?.location ?? dataset.location;
    const entry = place.path.slice(source.location.path.length).split("/")[1] ?? "";
    if (!deletion.keeps.includes(entry)) return [];
    return [
      {
        subject: dataset.id,
        message: `${job.called} keeps "${entry}" in ${target.path} for another job and never writes there, so it doesn't copy ${placeText(place)}, which holds ${dataset.id}.`,
        fix: `Rename ${source.location.path}/${entry}, or let the other job write to a folder of another name than "${entry}".`,
        evidence: { job: job.called, exclude: entry, path: placeText(place) },
      },
    ];
  });
}

/**
 * Dumps of a dataset that go no further, while another dump of it, or its files, do: with that disk or that site, what they alone have is
 * lost, such as a whole server's accounts.
 */
function dumpsLeftBehind(plan: Plan): Found[] {
  const short = fallsShort(plan);
  const carriedOn = new Set(plan.copies.flatMap(({ from }) => from ?? []));
  const dumps = plan.copies.map(copy => ({ copy, dump: dumpIn(copy) }));
  return dumps.flatMap(({ copy, dump }): Found[] => {
    const { dataset, location } = copy;
    if (!dump || carriedOn.has(copy) || short.has(dataset)) return [];
    const hidden = leavingOut(plan, location);
    const goesOn = dumps.some(
      other => other.dump === dump && !sameMachine(other.copy.location.machine, location.machine),
    );
    const another = dumps.some(
      other =>
        other.dump && other.dump !== dump && other.copy.dataset === dataset && carriedOn.has(other.copy),
    );
    // Further on, a second dump that stays behind is what its exclude says.
    if (!hidden || (copy !== dump && (goesOn || another))) return [];
    return [
      {
        severity: "warning",
        subject: dataset.id,
        message: `${hidden.job.called} leaves out ${placeText(location)} ("${hidden.exclude.reason}"), where ${copy === dump ? `${dump.job.called} dumps ${dataset.id}` : `what ${dump.job.called} dumps of ${dataset.id} is copied to`}: its dumps stay on that disk. ${another ? `Another dump of ${dataset.id} is carried on.` : `Of ${dataset.id} alone files as a snapshot has them are carried on, which no client has read.`}`,
        fix: `Remove "${hidden.exclude.name}" from the excludes of ${hidden.job.called}, or remove ${dump.job.called}.`,
        evidence: {
          job: hidden.job.called,
          exclude: hidden.exclude.name,
          path: placeText(location),
          staysBehind: dump.job.called,
        },
      },
    ];
  });
}

/** What people put there, or what only one key opens, by the names that applications give it. */
const nobodysCache =
  /^(attachments?|sends?|uploads?|files|media|library|data|keys?|repos(itories)?|photos?|documents?|rsa_key.*|.*\.(pem|key)|config\.(json|ya?ml|toml|ini|php))$/i;

/** A dump of an application's files is a copy of all that belongs together: what it lacks is of another hour, or gone. */
function leftOutOfDumps(plan: Plan): Found[] {
  const { estate, datasets } = plan;
  const dumps = Object.entries(estate.layers).flatMap(([layer, parts]) =>
    parts.flatMap((part, index) =>
      "dump" in part ? [{ ...part, at: ["layers", layer, index, "dump"] }] : [],
    ),
  );
  return dumps.flatMap(({ name: job, dataset: id, dump, at }): Found[] => {
    if (dump?.engine !== "sqlite") return [];
    const dataset = datasets.find(each => each.id === id);
    if (!dataset || dataset.unprotected || !countsOn(job, dataset, plan)) return [];
    return dump.excludes
      .map((entry, index) => ({ ...entry, where: fieldText([...at, "excludes", index]) }))
      .filter(({ name }) => nobodysCache.test(name))
      .map(({ name, reason, where }) => ({
        severity: "warning",
        subject: job,
        message: `${job} leaves out "${name}" of ${id} ("${reason}"), which is no cache by its name: what is promised of ${dataset.service} counts on these dumps, and none of them has it.`,
        fix: `Remove "${name}" from excludes in ${fieldText(at)}; if it can be had again, say so in a waiver.`,
        evidence: { where, job, exclude: name },
      }));
  });
}

/** Whether something that is promised of a dataset is kept by what came by a job, and by no other copy. */
function countsOn(job: string, dataset: Dataset, plan: Plan): boolean {
  const { rpo = {} } = plan.estate.services[dataset.service]?.promise ?? {};
  const ways = survivorsOf(plan)
    .get(dataset.service)
    ?.find(each => each.dataset === dataset)?.ways;
  return Object.entries(rpo).some(([domain, text]) => {
    const left = ways?.get(domain as Domain);
    if (left === "live") return false;
    const others = left?.filter(({ jobs }) => jobs.every(({ name }) => name !== job)) ?? [];
    return others.every(way => worstAloneMs(way, plan) > parseDuration(text));
  });
}

/** The dump by which a copy came, or which it is. */
function dumpIn(copy: Copy): Copy | undefined {
  return chainOf(copy).find(({ flow }) => flow.source.kind === "dataset");
}

function leavingOut({ jobs }: Plan, place: Location): Hidden | undefined {
  return jobs
    .flatMap(job =>
      job.flows.flatMap(({ source }) => (source.kind === "tree" ? hiddenInTree(job, source, [place]) : [])),
    )
    .at(0);
}
