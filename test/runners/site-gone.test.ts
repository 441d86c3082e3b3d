import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { testLong } from "../long";
import {
  type Database,
  type Engine,
  engines,
  estateOf,
  jobOf,
  startDatabase,
  timeOf,
  type VaultKeys,
} from "./support/databases";
import { createHouse, type House, type Lost } from "./support/house";
import type { MountNamespace } from "./support/namespace";
import type { VaultServer } from "./support/vault-server";

// The site is gone, in one play: databases of all kinds, an etcd, a Vault and trees, by what the break-glass set's page of that disaster prints, from its
// first step to its last, on an empty machine with empty servers. `npm test` has it in parts: `disasters` its trees, `cluster-dump-*` each database's way
// back, components/runbooks/pages the order. Thin volumes aren't in it: a mount namespace has none of its own (test/volumes restores into real ones).

const first = Date.parse(`${new Date().toISOString().slice(0, 10)}T00:00:00Z`) + 2 * 86_400_000;
const at = (time: string, laterMs = 0): string =>
  new Date(first + Date.parse(`1970-01-01T${time}:00Z`) + laterMs).toISOString();
const minute = 60_000;

/** Mounts the folder of a job's dumps where its pods see it, as the node does by NFS: files of the same disk. */
const exported =
  (house: () => Promise<House>, job: string) =>
  async (namespace: MountNamespace, target: string): Promise<void> => {
    const disk = `${target}-of`;
    await namespace.run("mkdir", disk);
    await namespace.run("mount", await (await house()).device("live"), disk);
    await namespace.run("mkdir", "--parents", join(disk, job));
    await namespace.run("mount", "--bind", join(disk, job), target);
  };

interface Step {
  readonly service: string;
  readonly where: string;
  /** What is typed; else `yours`. */
  readonly command?: string;
  readonly yours?: string;
}

/** The steps of a page, as whoever reads it from above finds them. */
function stepsOf(page: string): Step[] {
  return [...page.matchAll(/^## \d+\. (.*)\n([^]*?)(?=^## )/gm)].flatMap(([, service = "", text = ""]) =>
    [
      ...text.matchAll(
        /^\*\*Step \d+\*\*, on (\w+) `[^`]*`(?: \(.*\))?(?:, yours: (.*)|\n\n```sh\n([^]*?)\n```)$/gm,
      ),
    ].map(([, where = "", yours, command]) => ({
      service,
      where,
      ...(command !== undefined && { command }),
      ...(yours !== undefined && { yours }),
    })),
  );
}

/** With databases of all kinds, and a set in which lies what unseals the Vault. */
const wholeHouse = ({ unsealKey, rootToken }: VaultServer): Promise<House> =>
  createHouse({
    secrets: {
      ...({ "vault-unseal": unsealKey, "vault-root": rootToken } satisfies VaultKeys),
      databases: "what its clients log in with",
    },
    add(estate) {
      estate.clusters = {
        k8s: {
          ...{ hosts: ["pve"], disk: "sdc", api: "https://k8s.example:6443" },
          runnerImage: `registry.example/node@sha256:${"a".repeat(64)}`,
        },
      };
      for (const engine of engines) {
        const { service, dump } = estateOf(engine);
        estate.services[engine] = service;
        estate.layers["cluster-dump"].push(dump);
      }
    },
  });

/** `kubectl`, as far as what is printed asks it: a job that is created is one of this test's pods, by way of files in a folder. */
const kubectl = (folder: string): string => `#!/bin/sh
cd ${folder} || exit
case "$*" in
  *" create job "*) echo "$*" ;;
  "set env "*) read -r job; echo "$job $*" ;;
  "create --filename=-") rm -f ended; cat >asking; mv asking asked ;;
  *" logs "*) until [ -e ended ]; do sleep 0.1; done; cat said ;;
  *" get job/"*) cat ended ;;
  *" wait job/"*) grep -qx Complete ended ;;
  *) echo "nobody prints kubectl $*" >&2; exit 1 ;;
esac
`;

/** Answers that until it is stopped. @param ask does what a job is asked for */
async function answerKubectl(
  folder: string,
  isOver: () => boolean,
  ask: (job: string, what: string) => Promise<{ said: string; isWell: boolean }>,
): Promise<void> {
  const [asked, said, ended] = ["asked", "said", "ended"].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  while (!isOver()) {
    if (existsSync(asked)) {
      const [, job = "", what = ""] =
        /--from=cronjob\/(\S+)-ask .* ASK=(.*)$/m.exec(readFileSync(asked, "utf8")) ?? [];
      rmSync(asked);
      const answer = await ask(job, what).catch((error: unknown) => ({ said: String(error), isWell: false }));
      writeFileSync(said, answer.said);
      writeFileSync(`${ended}.part`, answer.isWell ? "Complete\n" : "Failed\n");
      renameSync(`${ended}.part`, ended);
    }
    await sleep(20);
  }
}

testLong(
  "all comes back in the page's order, by what it prints, and is what was predicted of each service, to the minute",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-site-gone-"));
    // The set has what unseals the Vault, which is there before.
    let opening: Promise<House> | undefined;
    const open = (): Promise<House> => {
      if (!opening) throw new Error("the Vault hasn't begun");
      return opening;
    };
    const start = (engine: Engine): Promise<Database> =>
      startDatabase(engine, exported(open, jobOf(engine)), server => {
        if (engine === "vault") opening ??= wholeHouse(server as VaultServer);
      });
    const databases = new Map<Engine, Database>([["vault", await start("vault")]]);
    await Promise.all(
      engines
        .filter(engine => engine !== "vault")
        .map(async engine => databases.set(engine, await start(engine))),
    );
    const house = await open();
    try {
      for (const database of databases.values()) await database.begin();
      const written = new Map<string, string[]>();
      const everyWrites = async (instant: string): Promise<void> => {
        for (const tree of ["books", "photos"] as const) house.write(tree, instant);
        await Promise.all([...databases.values()].map(database => database.write(instant)));
        for (const service of [...engines, "books", "photos"])
          written.set(service, [...(written.get(service) ?? []), instant]);
      };
      const around = async (time: string, run: (instant: string) => Promise<void>): Promise<void> => {
        await everyWrites(at(time, -minute));
        await run(at(time));
        await everyWrites(at(time, minute));
      };
      for (const engine of engines)
        await around(timeOf(engine), async instant => databases.get(engine)?.dump(instant));
      await around("02:00", instant => house.run("nfs-mirror", instant));
      await around("06:00", instant => house.run("offsite-sync-backup", instant));
      const predicted: ReadonlyMap<string, Lost> = await house.lose("site", at("07:00"));

      // All but the NAS and the set.
      for (const database of databases.values()) await database.close();
      databases.clear();
      await house.replaceHost();

      house.install("kubectl", kubectl(folder));
      const steps = stepsOf(house.inSet("runbooks/disasters/site.md"));
      const tookMs = new Map<string, number>();
      for (const { service, command, yours, where } of steps) {
        const beganMs = performance.now();
        const engine = engines.find(each => each === service);
        // The cluster has a new and empty server for it, whose dumps are what the host has again.
        if (engine && where === "cluster") databases.set(engine, await start(engine));
        const database = engine && databases.get(engine);
        if (command !== undefined) {
          let isOver = false;
          const typed = house.type(command, at("07:00")).finally(() => (isOver = true));
          const answered = answerKubectl(
            folder,
            () => isOver,
            (job, what) => {
              if (!database || job !== jobOf(database.engine))
                return Promise.reject(new Error(`${service} asks for ${job}`));
              return database.ask(what, at("07:00"));
            },
          );
          await Promise.all([typed, answered]);
        } else if (database)
          await database.byHand({
            "vault-unseal": house.inSet("secrets/vault-unseal"),
            "vault-root": house.inSet("secrets/vault-root"),
          });
        else throw new Error(`nobody knows how to do: ${yours}`);
        tookMs.set(service, (tookMs.get(service) ?? 0) + performance.now() - beganMs);
      }
      // What is promised soonest first, each after what it needs.
      expect([...tookMs.keys()]).toEqual(["books", ...engines, "photos"]);
      const allMs = [...tookMs.values()].reduce((sum, each) => sum + each, 0);
      expect(allMs).toBeLessThan(8 * 60 * minute);
      expect([...predicted.keys()].sort()).toEqual([...engines, "books", "photos"].sort());
      for (const [service, { readAt }] of predicted) {
        const engine = engines.find(each => each === service);
        const all = written.get(service) ?? [];
        const isBack = (each: string): boolean => Date.parse(each) <= Date.parse(readAt);
        // A minute before that is there, and a minute after it isn't: else it isn't the predicted instant.
        for (const near of [all.findLast(isBack), all.find(each => !isBack(each))])
          expect({ service, offMs: Math.abs(Date.parse(near ?? "") - Date.parse(readAt)) }).toEqual({
            service,
            offMs: minute,
          });
        const has = engine ? await databases.get(engine)?.written() : house.written(service as "books");
        expect({ service, has }).toEqual({ service, has: all.filter(isBack) });
      }
    } finally {
      await Promise.allSettled([...databases.values()].map(database => database.close()));
      await house.close();
      rmSync(folder, { recursive: true });
    }
  },
);
