import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWorld, type World } from "./support/world";

let world: World;
beforeEach(async () => {
  world = await createWorld();
  world.installCommand();
});
afterEach(() => world.close());

/** Names that anybody may give who writes to the export's root, byte by byte as latin1. */
const names = [
  ...["café", "-x", "$(touch PWNED)`touch PWNED`", 'a"b$HOME', "it's; touch PWNED", "line\nbreak"],
  ...["\u001b]0;title\u0007", "a\\xe9"],
].map(name => Buffer.from(name).toString("latin1"));
const noText = "caf\xe9";

const at = (root: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);

function makeServices(services: readonly string[]): void {
  for (const service of services) {
    mkdirSync(at(world.source, service));
    writeFileSync(at(world.source, `${service}/file`), service);
  }
}

async function night(...args: string[]) {
  const { status, stdout } = await world.start(["--json", ...args]).finished;
  return { status, ...(JSON.parse(stdout) as { failed?: string; next?: string }) };
}

test("the command that a run prints for a service that is gone accepts that one when it is pasted, and runs nothing else", async () => {
  const lost = [...names, noText];
  makeServices([...lost, "keep"]);
  expect(await night()).toMatchObject({ status: 0 });
  for (const service of lost) rmSync(at(world.source, service), { recursive: true });
  const left = new Set(lost);
  while (left.size > 0) {
    const { status, next = "" } = await night();
    expect([status, next]).toEqual([1, expect.stringMatching(/^[\x20-\x7e]*$/)]);
    await world.inside("bash", "-c", `cd ${world.folder}; ${next} >/dev/null; true`);
    const gone = [...left].filter(service => !existsSync(at(world.target, service)));
    expect(gone).toHaveLength(1);
    gone.forEach(service => left.delete(service));
  }
  expect(existsSync(join(world.folder, "PWNED"))).toBe(false);
  expect(existsSync(at(world.target, "keep/file"))).toBe(true);
  expect(await night()).toMatchObject({ status: 0 });
});

test.each([
  ["as it is called", ["--accept", "café"]],
  ["as a message shows it", ["--accept=caf\\xc3\\xa9"]],
])("a service is accepted by its name %s", async (_, args) => {
  makeServices(["keep", Buffer.from("café").toString("latin1")]);
  expect(await night()).toMatchObject({ status: 0 });
  rmSync(join(world.source, "café"), { recursive: true });
  expect(await night(...args)).toMatchObject({ status: 0 });
  expect(existsSync(join(world.target, "café"))).toBe(false);
});
