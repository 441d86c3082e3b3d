import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { long } from "../long";
import { unsealed } from "../../host-scripts/runtime/journal-seal";
import { makeNasty } from "./support/nasty";
import { differences, snapshot, withoutRoot } from "./support/tree";
import { createWorld, type World } from "./support/world";

const dependencies = join(process.cwd(), "node_modules");

/** This project's dependencies and the system's own files. */
const realTrees = long
  ? [dependencies, "/usr/share", "/usr/include", "/usr/lib/python3"].filter(existsSync)
  : ["@opentelemetry", "typescript"].map(name => join(dependencies, name));
const atLeast = long ? 50_000 : 2_000;

let world: World;
beforeAll(async () => {
  world = await createWorld({ sourceMb: 3_000, targetMb: 3_000 });
});
afterAll(() => world.close());

test(`mirrors ${atLeast} real files and more in bytes and metadata, and finds nothing to do the second time`, async () => {
  for (const [index, tree] of realTrees.entries())
    await world.inside("cp", "-a", tree, join(world.config.source.path, `service-${index}`));
  await makeNasty(world);
  world.writeConfig({ budgetMs: 250_000 });
  const first = await world.start(["--json"]).finished;
  expect(JSON.parse(first.stdout)).toMatchObject({ status: 0 });
  const source = await snapshot(world, world.config.source.path);
  expect([...source.values()].filter(entry => entry.includes(" content ")).length).toBeGreaterThan(atLeast);
  const target = await snapshot(world, world.config.target.path, { without: [".holdfast"] });
  expect(differences(withoutRoot(source), withoutRoot(target))).toEqual([]);
  const segment = readFileSync(join(world.config.stateDir, "journal", "000000000001.paths"), "latin1");
  expect(
    new Set(
      (unsealed(segment) ?? "")
        .slice(0, -2)
        .split("\0")
        .filter(path => path !== "."),
    ),
  ).toEqual(new Set([...source.keys()].filter(path => path !== "")));
  const second = await world.start(["--json"]).finished;
  expect(JSON.parse(second.stdout)).toMatchObject({
    status: 0,
    toCopy: 0,
    toDelete: 0,
    entries: source.size,
  });
});
