// Writes the generated pages of docs/, or with --check says which of them are out of date.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { projectRoot } from "../stacks/project";
import { alertPages } from "./pages/alerts";
import { checkPages } from "./pages/checks";
import { estateSchemaPage } from "./pages/estate-schema";
import { referencePage } from "./pages/reference-checked";
import type { Page } from "./pages/page";

const docs = join(projectRoot, "docs");
const generatedFolders = ["checks", "runbooks"];

const pages: readonly Page[] = [...checkPages(), ...alertPages(), estateSchemaPage(), referencePage()];
const stale = pages.filter(page => textOf(page.path) !== page.text).map(page => page.path);
const orphans = generatedFolders
  .flatMap(folder => filesBelow(join(docs, folder)))
  .filter(path => !pages.some(page => page.path === path));

if (process.argv.includes("--check")) {
  for (const path of [...stale, ...orphans]) console.error(`docs/${path} is out of date. Next: npm run docs`);
  process.exitCode = stale.length + orphans.length > 0 ? 1 : 0;
} else {
  for (const page of pages) write(page);
  for (const path of orphans) rmSync(join(docs, path));
  console.log(`${pages.length} pages, ${stale.length} of them changed, ${orphans.length} removed.`);
}

function textOf(path: string): string | undefined {
  const file = join(docs, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function write({ path, text }: Page): void {
  mkdirSync(dirname(join(docs, path)), { recursive: true });
  writeFileSync(join(docs, path), text);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(docs, join(entry.parentPath, entry.name)));
}
