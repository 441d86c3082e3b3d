import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { cached, projectRoot } from "../cache";
import { labDir } from "../facts";
import { mustOnHost, sshArgv } from "../hosts";
import { prepareKernel } from "../hosts/kernel";
import { readLabFile } from "../servers/places";
import { vaultProgram } from "../servers/vault";
import { makeImages, type Recipe, reference, tools, usual } from "./images";

/**
 * For the tests of servers that the lab's own night hasn't, and of drills, which start one: who starts the lab waits for none of them, nor
 * for a build of Vault.
 */
const recipes = {
  /** The clients of an etcd 3.4 server. */
  etcd: { name: "lab.invalid/etcd:3.4", packages: [...tools, "grep", "etcd-client"], path: usual },
  /** Vault has one program for server and client. */
  vault: { name: "lab.invalid/vault:1.14", packages: [...tools, "grep", "gzip"], path: usual },
  /** The servers beside their clients, as in their own images. */
  postgresql: {
    name: "lab.invalid/postgresql-server:15",
    packages: [...tools, "grep", "postgresql-15", "libnss-wrapper"],
    path: `/usr/lib/postgresql/15/bin:${usual}`,
  },
  mariadb: {
    name: "lab.invalid/mariadb-server:10.11",
    packages: [...tools, "grep", "mariadb-server-core", "mariadb-client"],
    path: `/usr/sbin:${usual}`,
  },
  /** The server, and what its own image has beside it. */
  prometheus: {
    ...{ name: "lab.invalid/prom:2", packages: [...tools, "grep", "wget", "prometheus"], path: usual },
  },
  pushgateway: {
    ...{ name: "lab.invalid/pushgateway:1.5", packages: ["prometheus-pushgateway"], path: usual },
    entrypoint: ["/usr/bin/prometheus-pushgateway"],
  },
} as const satisfies Record<string, Recipe>;
type Name = keyof typeof recipes;
const names = ["etcd", "vault", "postgresql", "mariadb", "prometheus", "pushgateway"] satisfies Name[];

const prepared = z.strictObject({
  /** Of all of them, as `ctr images import` reads it. */
  archive: z.string(),
  references: z.record(z.enum(names), reference),
});

const preparedFile = join(labDir, "more-images.json");

/** Makes the images, if they aren't in the cache: within the lab's network they can't be fetched. */
export async function prepareMoreImages(say: (line: string) => void): Promise<void> {
  const program = await vaultProgram(say);
  const { mmdebstrap } = await prepareKernel();
  const texts = ["images.ts", "images/build.sh"].map(name =>
    readFileSync(join(projectRoot, "lab/node", name), "utf8"),
  );
  const inputs = [JSON.stringify(recipes), program, ...texts];
  const folder = await cached("more-images", inputs, async part => {
    say("Making container images of six more servers (about two minutes, once)");
    const work = join(part, "work");
    mkdirSync(work);
    const all = { ...recipes, vault: { ...recipes.vault, program } };
    const references = await makeImages(all, mmdebstrap, work, join(part, "images.tar"));
    rmSync(work, { recursive: true });
    writeFileSync(join(part, "images.json"), JSON.stringify(references));
  });
  const references: unknown = JSON.parse(readFileSync(join(folder, "images.json"), "utf8"));
  writeFileSync(preparedFile, JSON.stringify({ archive: join(folder, "images.tar"), references }));
}

/** Brings the images to the node, which has to be up, if it hasn't them. @returns their names with digests, as a pod has to ask for them */
export async function importMoreImages(): Promise<Readonly<Record<Name, string>>> {
  const { archive, references } = prepared.parse(JSON.parse(readLabFile(preparedFile)));
  const images = "PATH=/opt/node/bin:$PATH ctr -n k8s.io images";
  const there = (await mustOnHost("node", `${images} ls -q`)).split("\n");
  // An import writes all of them down before it sees that it has them, and beside all of them there is no room for the largest.
  if (Object.values(references).every(name => there.includes(withoutTag(name)))) return references;
  const [program = "", ...args] = sshArgv("node", `${images} import -`);
  await execa(program, args, { inputFile: archive, timeout: 1_200_000 });
  return references;
}

/** As containerd lists what is known by its digest. */
function withoutTag(name: string): string {
  return name.replace(/:[^@]*@/, "@");
}
