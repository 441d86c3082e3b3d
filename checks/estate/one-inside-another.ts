import type { Plan } from "../../plan";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed } from "../wording";

/** A cache that is left out may lie in what is copied, and the other way round: just two that are both wanted are in each other's way. */
export const oneInsideAnother = defineCheck({
  code: "estate/one-inside-another",
  severity: "error",
  title: "A service's folder has other services' data in it",
  why: "A path with a part too few is a whole tree: its bytes are counted twice, a restore of the one takes the others back to an old state, and among a host's configuration a data tree fills the backup disk with its generations.",
  run: plan => {
    const folders = foldersOf(plan);
    const byPlace = new Map(folders.map(folder => [`${folder.host}:${folder.path}`, folder]));
    const inside = new Map<Folder, Folder[]>();
    for (const folder of folders) {
      const outer = outerOf(folder, byPlace);
      if (outer) inside.set(outer, [...(inside.get(outer) ?? []), folder]);
    }
    return [...inside].map(([outer, inner]) => finding(outer, inner));
  },
  without: ({ estate }, { subject }) => {
    const services = Object.entries(estate.services).filter(([service]) => service !== subject);
    return [{ ...estate, services: Object.fromEntries(services) }];
  },
  examples: {
    bad: [
      mended(
        example("a service's folder in another one's", ({ services }) => {
          services.comics = {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books/comics", size: "1GB" }],
            promise: { rpo: { site: "33h" } },
          };
        }),
        {
          says: "or, where they are one, remove comics",
          edit: ({ services }) => Reflect.deleteProperty(services, "comics"),
        },
        {
          says: "Give each a folder of its own",
          edit: ({ services }) => edit(services.comics?.data[0], { path: "/srv/nfs/comics" }),
        },
      ),
      mended(
        example("a data tree among a host's configuration", ({ services }) =>
          edit(services["pve-host"]?.data[0], { paths: ["/etc/pve", "/srv/nfs"] }),
        ),
        {
          says: 'Remove "/srv/nfs" from paths',
          edit: ({ services }) => edit(services["pve-host"]?.data[0], { paths: ["/etc/pve"] }),
        },
      ),
    ],
    good: [
      example("a folder each"),
      example("a cache that is left out, in a folder that is copied", ({ services }) => {
        services.thumbs = {
          data: [
            {
              ...{ kind: "tree", host: "pve", path: "/srv/nfs/photos/thumbs", size: "5GB" },
              unprotected: { reason: "made again from the photos", owner: "viktor", expires: "2027-06-30" },
            },
          ],
        };
      }),
      example("two folders of one service, one in the other", ({ services }) => {
        services.books?.data.push({
          ...{ kind: "tree", name: "comics", host: "pve", path: "/srv/nfs/books/comics", size: "1GB" },
        });
      }),
      example("names of which one begins as the other", ({ services }) => {
        services.booksellers = {
          data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books-2", size: "1GB" }],
          promise: { rpo: { site: "33h" } },
        };
      }),
    ],
  },
});

interface Folder {
  readonly service: string;
  readonly host: string;
  readonly path: string;
  readonly isConfiguration: boolean;
}

function foldersOf({ estate }: Plan): Folder[] {
  return Object.entries(estate.services).flatMap(([service, { data }]) =>
    data.flatMap((dataset): Folder[] => {
      if (dataset.unprotected) return [];
      if (dataset.kind === "tree")
        return [{ service, host: dataset.host, path: dataset.path, isConfiguration: false }];
      if (dataset.kind !== "configuration") return [];
      return dataset.paths.map(path => ({ service, host: dataset.host, path, isConfiguration: true }));
    }),
  );
}

/** The nearest folder of another service above one, or at the same place where one of the two is a configuration. */
function outerOf(folder: Folder, byPlace: ReadonlyMap<string, Folder>): Folder | undefined {
  for (let path = folder.path; ; path = above(path)) {
    const other = byPlace.get(`${folder.host}:${path}`);
    if (other && other.service !== folder.service && (path !== folder.path || other.isConfiguration))
      return other;
    if (path === "/") return undefined;
  }
}

function above(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function finding({ service, host, path, isConfiguration }: Folder, inner: readonly Folder[]): Found {
  const names = inner.map(folder => folder.service);
  const places = inner.map(folder => `${folder.service} (${host}:${folder.path})`);
  return {
    subject: service,
    message: isConfiguration
      ? `${service} has ${host}:${path} as the host's configuration, and ${listed(places)} ${inner.length === 1 ? "lies" : "lie"} in there: each of its generations is a copy of that too.`
      : `${service} (${host}:${path}) has the data of ${listed(places)} in it: their bytes are counted twice, and a restore of ${service} takes them back with it.`,
    fix: isConfiguration
      ? `Remove "${path}" from paths of services.${service}.data.`
      : `Give each a folder of its own in services.${service}.data, or, where they are one, remove ${listed(names)}.`,
    evidence: { outer: `${host}:${path}`, inner: places },
  };
}
