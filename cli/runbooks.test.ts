import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleWith } from "../plan/estate/example";
import type { Context } from "./command";
import { runbooks } from "./commands/runbooks";

let folder: string;
let estate: object;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-runbooks-"));
  estate = exampleWith(() => undefined);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...flags: string[]) {
  writeFileSync(join(folder, "estate.json"), JSON.stringify(estate));
  const words = {
    estate: "estate.json",
    to: "pages",
    ...Object.fromEntries(flags.map(flag => [flag, true])),
  };
  return runbooks.run(runbooks.options.parse(words), { folder } as Context);
}
const at = (path: string): string => join(folder, "pages", path);

test("pages are written once, and checked: an edit of the estate or of a page is told by name", async () => {
  expect(await run("check")).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining("README.md is missing"),
  });
  expect(existsSync(join(folder, "pages"))).toBe(false);
  expect(await run()).toMatchObject({ exitCode: 0 });
  expect(await run("check")).toMatchObject({ exitCode: 0 });
  writeFileSync(at("disasters/nas.md"), `${readFileSync(at("disasters/nas.md"), "utf8")}edited\n`);
  const edited = await run("check");
  expect(edited.exitCode).toBe(1);
  expect(edited.text).toBe(
    "disasters/nas.md is of an earlier estate, or was edited\nNext: holdfast runbooks --estate estate.json --to pages",
  );
  expect((await run()).text).toContain("disasters/nas.md: written anew");
  expect(await run("check")).toMatchObject({ exitCode: 0 });
});

test("the page of a service that is gone goes, and nothing that somebody else has put there", async () => {
  await run();
  writeFileSync(at("services/own.md"), "# mine\n");
  copyFileSync(at("services/books.md"), at("services/books-my-notes.md"));
  writeFileSync(at("notes.md"), "# mine\n");
  estate = exampleWith(({ services }) => delete services.books);
  const { text } = await run();
  expect(text).toContain("services/books.md: removed");
  expect(existsSync(at("services/books.md"))).toBe(false);
  for (const mine of ["services/own.md", "services/books-my-notes.md", "notes.md"])
    expect([mine, existsSync(at(mine))]).toEqual([mine, true]);
});

test("a file of somebody else's in a page's place is refused, and nothing is written", async () => {
  mkdirSync(join(folder, "pages"));
  writeFileSync(at("README.md"), "# mine\n");
  await expect(run()).rejects.toThrow(
    /README\.md" was not written by "holdfast runbooks" for this estate, and stays as it is/,
  );
  expect(existsSync(at("disasters"))).toBe(false);
  expect(readFileSync(at("README.md"), "utf8")).toBe("# mine\n");
});

test("no link is written through: a folder's is refused, and a second name of a page keeps what it had", async () => {
  mkdirSync(join(folder, "pages"));
  mkdirSync(join(folder, "mine"));
  symlinkSync(join(folder, "mine"), at("services"));
  await expect(run()).rejects.toThrow(/pages\/services" was not written by/);
  expect([readdirSync(join(folder, "mine")), existsSync(at("README.md"))]).toEqual([[], false]);
  rmSync(at("services"));
  await run();
  linkSync(at("README.md"), join(folder, "mine", "kept.md"));
  const before = readFileSync(at("README.md"), "utf8");
  estate = exampleWith(({ services }) => delete services.books);
  await run();
  expect(readFileSync(join(folder, "mine", "kept.md"), "utf8")).toBe(before);
  expect(readFileSync(at("README.md"), "utf8")).not.toBe(before);
});

test("two estates have no folder in common", async () => {
  await run();
  estate = { ...exampleWith(() => undefined), name: "another" };
  await expect(run()).rejects.toThrow(/README\.md" was not written by "holdfast runbooks" for this estate/);
});
