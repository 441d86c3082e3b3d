import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleEstate } from "../plan/estate/example";
import type { Context } from "./command";
import { migrate } from "./commands/migrate";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "holdfast-migrate-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const written = (version?: number): string => JSON.stringify({ ...exampleEstate(), version });
const migrated = (version?: number, json = false) => {
  writeFileSync(join(folder, "estate.json"), written(version));
  return migrate.run(migrate.options.parse({ json }), { folder } as Context);
};

test.each([
  [undefined, "version 1 of the schema, as it names none, which"],
  [1, "version 1 of the schema, which"],
])("an estate of version %s is as it should be, and stays as it is", async (version, said) => {
  const { text, exitCode } = await migrated(version);
  expect(text).toBe(`estate.json: ${said} is the newest that this holdfast knows. Nothing is to be done.`);
  expect(exitCode).toBe(0);
  expect(JSON.parse((await migrated(version, true)).text)).toMatchObject({
    version: 1,
    newest: 1,
    changed: false,
  });
  expect(readFileSync(join(folder, "estate.json"), "utf8")).toBe(written(version));
});

test("one of a later version is refused, with its file", async () => {
  await expect(migrated(2)).rejects.toThrow(
    /estate\.json" has 1 fault.*\n  estate\.version: 2 is a later version/,
  );
});
