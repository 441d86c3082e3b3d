import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { z } from "zod";
import { projectRoot } from "../cache";
import { writePackageSources } from "../debian";
import { runAsRoot } from "../hosts/image";

/** A container image of the lab: Debian packages, under a name in a registry that doesn't exist. */
export interface Recipe {
  /** As an estate names it, without the digest. */
  readonly name: string;
  readonly packages: readonly string[];
  /** File of this machine's, for /usr/bin: what no package has. */
  readonly program?: string;
  readonly path: string;
  readonly entrypoint?: readonly string[];
}

export const usual = "/usr/bin:/bin";

/** What the scripts of a dump's client call beside the database's own programs. */
export const tools = ["dash", "coreutils", "sed", "mawk", "findutils", "tar"] as const;

/** What the node's pods are made of. Each has a shell and the usual programs, as the images that they stand for have. */
export const recipes = {
  /** Holds a pod's namespaces open. */
  pause: {
    ...{ name: "lab.invalid/pause:1", packages: ["catatonit"], path: usual },
    entrypoint: ["/usr/bin/catatonit", "-P"],
  },
  /** For our own runners: Debian's Node. */
  runner: {
    name: "lab.invalid/node:18",
    packages: ["dash", "coreutils", "util-linux", "nodejs"],
    path: usual,
  },
  /** The clients of a PostgreSQL 15 server. Debian's wrappers want a Perl; these are the programs themselves. */
  postgresql: {
    ...{ name: "lab.invalid/postgresql:15", packages: ["dash", "coreutils", "sed", "postgresql-client-15"] },
    path: `/usr/lib/postgresql/15/bin:${usual}`,
  },
  /** The clients of a MariaDB 10.11 server. */
  mariadb: {
    name: "lab.invalid/mariadb:10.11",
    packages: [...tools, "mariadb-client"],
    path: usual,
  },
  /** As Redis' own image: the server beside the client, which a restore loads a dump with. */
  redis: {
    name: "lab.invalid/redis:7",
    packages: [...tools, "redis-server", "redis-tools"],
    path: usual,
  },
  /** For an application's volume with SQLite databases. */
  sqlite: {
    name: "lab.invalid/sqlite:3",
    packages: [...tools, "sqlite3"],
    path: usual,
  },
} as const satisfies Record<string, Recipe>;

export const reference = z.string().regex(/@sha256:[0-9a-f]{64}$/);
const references = z.strictObject({
  pause: reference,
  runner: reference,
  postgresql: reference,
  mariadb: reference,
  redis: reference,
  sqlite: reference,
} satisfies Record<keyof typeof recipes, unknown>);

/** Names with digests, as a pod has to ask for them. */
export type ImageReferences = Readonly<z.infer<typeof references>>;

/** @param text JSON, as it was kept of `makeImages` */
export function readReferences(text: string): ImageReferences {
  return references.parse(JSON.parse(text));
}

const blobType = (of: string): string => `application/vnd.oci.image.${of}`;

/**
 * Makes images as one archive in the OCI's layout, which `ctr images import` reads.
 * @param work folder for the time of it
 * @param archive file to make
 * @returns of each recipe, its name with its digest
 */
export async function makeImages(
  made: Readonly<Record<string, Recipe>>,
  mmdebstrap: string,
  work: string,
  archive: string,
): Promise<Readonly<Record<string, string>>> {
  const layout = join(work, "layout");
  const blobs = join(layout, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  await writePackageSources("bookworm", work);
  const manifests: object[] = [];
  const found: Record<string, string> = {};
  for (const [key, recipe] of Object.entries(made)) {
    const manifest = await makeImage(recipe, mmdebstrap, work, blobs);
    const [repository] = recipe.name.split(":");
    found[key] = `${recipe.name}@${manifest.digest}`;
    // The name by which a node looks up what is asked for by its digest, and the one without.
    for (const name of [`${repository}@${manifest.digest}`, recipe.name])
      manifests.push({ ...manifest, annotations: { "io.containerd.image.name": name } });
  }
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await execa("tar", ["-C", layout, "-cf", archive, "oci-layout", "index.json", "blobs"]);
  rmSync(layout, { recursive: true });
  return found;
}

async function makeImage(recipe: Recipe, mmdebstrap: string, work: string, blobs: string) {
  const file = join(work, "layer.tar");
  const script = join(projectRoot, "lab/node/images/build.sh");
  const argv = ["sh", script, work, mmdebstrap, recipe.packages.join(","), file, recipe.program ?? ""];
  await runAsRoot(`The container image ${recipe.name}`, argv);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const digest = hash.digest("hex");
  const layer = {
    mediaType: blobType("layer.v1.tar"),
    digest: `sha256:${digest}`,
    size: statSync(file).size,
  };
  renameSync(file, join(blobs, digest));
  const blob = (mediaType: string, content: object) => {
    const text = JSON.stringify(content);
    const name = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(blobs, name), text);
    return { mediaType, digest: `sha256:${name}`, size: Buffer.byteLength(text) };
  };
  const config = blob(blobType("config.v1+json"), {
    ...{ architecture: "amd64", os: "linux" },
    config: { Env: [`PATH=${recipe.path}`], ...(recipe.entrypoint && { Entrypoint: recipe.entrypoint }) },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  return blob(blobType("manifest.v1+json"), {
    ...{ schemaVersion: 2, mediaType: blobType("manifest.v1+json"), config, layers: [layer] },
  });
}
