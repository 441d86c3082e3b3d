import type { Plan } from "../../plan";
import { fieldText } from "../../plan/estate/faults";
import { slipOf, wordSlipOf } from "../../plan/contracts/near";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const saidOnce = defineCheck({
  code: "estate/said-once",
  severity: "error",
  title: "A name that nobody else says is a letter away from one that others say",
  why: "A site that one place alone has makes a NAS in the same house an off-site copy. A namespace with a letter too few has its volumes looked for where nothing is, and as an account that isn't there no dump logs in. Nothing else tells a new name from a slip.",
  run: plan =>
    [...sitesOf(plan), ...namespacesOf(plan), ...accountsOf(plan), ...claimsOf(plan)].flatMap(
      ({ kind, name, where, others }) => {
        // A site is any word; the others are called after something.
        const meant = kind === "site" ? slipOf(name, others) : wordSlipOf(name, others);
        if (meant === undefined) return [];
        return [
          {
            subject: name,
            message: `${where} has the ${kind} "${name}", which nothing else in the estate says. Did you mean "${meant}"?`,
            fix: `Write "${meant}" in ${where}.${kind === "site" ? ` If there are two such sites, list both in sites: ["${meant}", "${name}"].` : ""}`,
            evidence: { kind, where, meant },
          },
        ];
      },
    ),
  examples: {
    bad: [
      mended(
        example("a NAS in the same house, by a slip at another site", ({ destinations }) =>
          edit(destinations.nas, { site: "hme" }),
        ),
        {
          says: 'sites: ["home", "hme"]',
          edit: estate => {
            estate.sites = ["home", "hme"];
          },
        },
      ),
      mended(
        example("a volume in a namespace with a letter too few", ({ services }) =>
          edit(services.nextcloud?.data[0], { namespace: "nextclod", claim: "nextcloud" }),
        ),
        {
          says: 'Write "nextcloud" in services.nextcloud.data',
          edit: ({ services }) => edit(services.nextcloud?.data[0], { namespace: "nextcloud" }),
        },
      ),
      mended(
        example("a claim with a letter too few", ({ services }) =>
          edit(services.nextcloud?.data[0], { claim: "nextclod-data" }),
        ),
        {
          says: 'Write "nextcloud-data" in services.nextcloud.data',
          edit: ({ services }) => edit(services.nextcloud?.data[0], { claim: "nextcloud-data" }),
        },
      ),
    ],
    good: [
      example("sites that differ on purpose"),
      example("sites that are listed", estate => {
        estate.sites = ["home", "homes"];
        edit(estate.destinations.nas, { site: "homes" });
      }),
    ],
  },
});

/** A name in one place, and what all others say. */
interface Said {
  readonly kind: string;
  readonly name: string;
  readonly where: string;
  readonly others: ReadonlySet<string>;
}

function sitesOf({ estate }: Plan): Said[] {
  // A list of sites is the others' word for each of them.
  if (estate.sites) return [];
  const said = (["hosts", "destinations", "firewalls"] as const).flatMap(section =>
    Object.entries(estate[section]).map(([name, { site }]) => ({
      name: site,
      where: fieldText([section, name, "site"]),
    })),
  );
  // Of two sites, each said once, either may be the slip: it is told once, of the later one.
  const once = withOthers("site", said, []);
  return once.map((each, index) => ({
    ...each,
    others: new Set([...each.others, ...once.slice(0, index).map(({ name }) => name)]),
  }));
}

/** Namespaces of data and of dumps. A service's own name, or a dataset's, is somebody else's word for its namespace. */
function namespacesOf({ estate, datasets, jobs }: Plan): Said[] {
  const dumps = jobs.flatMap(({ namespace, said: [section = "", layer = "", index = 0, ...within] }) =>
    // What drills a dump, or looks at its database, has the namespace of the part that it is in.
    namespace === undefined || within.length > 0
      ? []
      : [{ name: namespace, where: fieldText([section, layer, index, "namespace"]) }],
  );
  const ofData = datasets.flatMap(({ namespace, service }) =>
    namespace === undefined
      ? []
      : [{ name: namespace, service, where: fieldText(["services", service, "data"]) }],
  );
  const alerting = { name: estate.monitoring.namespace, where: "monitoring.namespace" };
  const apart = jobs.flatMap(({ flows }) =>
    flows.flatMap(({ source }) => {
      if (source.kind !== "volumes" && source.kind !== "copies-of") return [];
      return source.excludeNamespaces.map(({ name }) => name);
    }),
  );
  const known = datasets.flatMap(({ service, name }) => [service, name]);
  // "home" of "home-assistant", "sonar" of "sonarqube".
  const begun = ofData.flatMap(({ name, service }) =>
    service.startsWith(name) && service.length > name.length + 1 ? [name] : [],
  );
  return withOthers(
    "namespace",
    [...dumps, ...ofData, alerting],
    [...known, ...begun, ...apart, "kube-system", "monitoring"],
  );
}

/** Accounts that dumps log in as, beside those of two dumps at least: two servers may well have two. */
function accountsOf({ estate }: Plan): Said[] {
  const said = Object.entries(estate.layers).flatMap(([layer, parts]) =>
    parts.flatMap((part, index) => {
      if (!("dump" in part) || !part.dump || !("user" in part.dump) || part.dump.user === undefined)
        return [];
      return [{ name: part.dump.user, where: fieldText(["layers", layer, index, "dump", "user"]) }];
    }),
  );
  return withOthers("account", said, []);
}

/** Claims of volumes that are called nearly after their service or namespace, and so by nothing else. */
function claimsOf({ estate }: Plan): Said[] {
  const labels = Object.values(estate.layers)
    .flat()
    .flatMap(part =>
      "dump" in part && part.dump && "usedBy" in part.dump ? Object.values(part.dump.usedBy) : [],
    );
  const volumes = Object.entries(estate.services).flatMap(([service, { data }]) =>
    data.flatMap(dataset =>
      dataset.kind === "volume" && dataset.claim !== undefined
        ? [{ service, namespace: dataset.namespace, claim: dataset.claim }]
        : [],
    ),
  );
  const said = [...Object.keys(estate.services), ...labels, ...volumes.map(({ namespace }) => namespace)];
  const isSaid = (part: string, claim: string): boolean =>
    [...said, ...volumes.map(each => each.claim)].some(
      name => name !== claim && partsOf(name).includes(part),
    );
  return volumes.flatMap(({ service, namespace, claim }): Said[] => {
    const own = [service, namespace];
    if (own.some(name => claim.includes(name))) return [];
    for (const part of partsOf(claim)) {
      const meant = part.length < shortestName ? undefined : wordSlipOf(part, own);
      if (meant === undefined || isSaid(part, claim)) continue;
      const where = fieldText(["services", service, "data"]);
      return [{ kind: "claim", name: claim, where, others: new Set([claim.replace(part, meant)]) }];
    }
    return [];
  });
}

/** Of shorter names, a letter makes another word. */
const shortestName = 5;

/** A name, and each run of the words that hyphens part it into: "data", "data-nextcloud", "nextcloud-0" of "data-nextcloud-0". */
function partsOf(name: string): string[] {
  const words = name.split("-");
  return words.flatMap((_, from) =>
    words.slice(from).map((__, length) => words.slice(from, from + length + 1).join("-")),
  );
}

/** @param known what is right, beside what is said more than once */
function withOthers(
  kind: string,
  said: readonly { readonly name: string; readonly where: string }[],
  known: Iterable<string>,
): Said[] {
  const times = new Map<string, number>();
  for (const { name } of said) times.set(name, (times.get(name) ?? 0) + 1);
  const others = new Set(known);
  const once = said.filter(({ name }) => times.get(name) === 1 && !others.has(name));
  for (const [name, count] of times) if (count > 1) others.add(name);
  return once.map(({ name, where }) => ({ kind, name, where, others }));
}
