import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
// Jest leaves out "typescript" itself, as a deployment does.
import ts from "typescript/lib/typescript";
import { exampleEstate } from "../../plan/estate/example";
import { layers } from "../../plan/layers";
import { projectRoot } from "../../stacks/project";
import { testLong } from "../long";

/** The compiler's errors in a file of the project, were its text another one, or the text of one that it uses. */
function errorsIn(file: string, change: (text: string) => string, seenIn = file): string[] {
  const path = join(projectRoot, file);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  changed = { path, text: after };
  version++;
  return service
    .getSemanticDiagnostics(join(projectRoot, seenIn))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

let changed = { path: "", text: "" };
let version = 0;
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(projectRoot, "tsconfig.json"), file => ts.sys.readFile(file)).config,
  ts.sys,
  projectRoot,
);
const service = ts.createLanguageService({
  getCompilationSettings: () => ({ ...options, incremental: false }),
  getScriptFileNames: () =>
    ["plan/estate/example.ts", "plan/estate/references.ts"].map(file => join(projectRoot, file)),
  getScriptVersion: path => (path === changed.path ? `${version}` : "0"),
  getScriptSnapshot: path => {
    const text = path === changed.path ? changed.text : ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => projectRoot,
  getDefaultLibFileName: settings => ts.getDefaultLibFilePath(settings),
  fileExists: path => ts.sys.fileExists(path),
  readFile: path => ts.sys.readFile(path),
  directoryExists: path => ts.sys.directoryExists(path),
});
afterAll(() => service.dispose());

test("a layer that isn't listed doesn't compile", () =>
  expect(
    errorsIn("plan/layers/index.ts", text => text.replace('  "nas-snapshots": nasSnapshots,\n', "")),
  ).toContainEqual(expect.stringContaining("nasSnapshots")));

// The compiler tells of it by the same list.
testLong("nor does an estate with a part of a layer that is neither imported nor listed", () => {
  const forgotten = (text: string): string => text.replace(/^.*\bnasSnapshots\b.*\n/gm, "");
  expect(errorsIn("plan/layers/index.ts", forgotten, "plan/estate/example.ts").join()).toContain(
    "nas-snapshots",
  );
});

test("each folder of a layer is listed, has a page, and the example has a part of it", () => {
  const folders = readdirSync(join(projectRoot, "plan/layers"), { withFileTypes: true }).filter(entry =>
    entry.isDirectory(),
  );
  expect(Object.keys(layers).sort()).toEqual(folders.map(({ name }) => name).sort());
  for (const name of Object.keys(layers))
    expect([name, existsSync(join(projectRoot, `docs/layers/${name}.md`))]).toEqual([name, true]);
  const parts = Object.entries(exampleEstate().layers).filter(([, list]) => list.length > 0);
  expect(parts.map(([name]) => name).sort()).toEqual(Object.keys(layers).sort());
});

test("a layer whose runner isn't listed doesn't compile", () =>
  expect(
    errorsIn(
      "plan/job.ts",
      text => text.replace(/\n? *\| "vm-images"/, ""),
      "plan/layers/vm-images/jobs.ts",
    ).join(),
  ).toContain("vm-images"));

// The compiler tells of these as it does of the others.
testLong("nor does one that is listed under another's name", () => {
  const swapped = (text: string): string =>
    text.replace('"nfs-mirror": nfsMirror,', '"nfs-mirror": dailyBackup,');
  expect(errorsIn("plan/layers/index.ts", swapped).join()).toMatch(
    /"daily-backup".*not assignable.*"nfs-mirror"/s,
  );
});

testLong("nor one that doesn't say what must exist", () => {
  const without = (text: string): string => text.replace("  references(", "  unheard(");
  expect(errorsIn("plan/layers/nfs-mirror/index.ts", without)).not.toEqual([]);
});

test("a kind of deployment that nobody installs doesn't compile", () => {
  const more = (text: string): string =>
    text.replace(
      '| { readonly kind: "planned" };',
      '| { readonly kind: "planned" } | { readonly kind: "unheard" };',
    );
  expect(errorsIn("plan/job.ts", more).join()).toContain("lacks ending return statement");
});

testLong("nor a dataset whose place nobody looks up", () => {
  const forgotten = (text: string): string =>
    text.replace(/ {4}case "configuration":\n.*\n {6}return;\n/, "");
  expect(errorsIn("plan/estate/references.ts", forgotten).join()).toContain("'never'");
});

// `npm run types` has that of all files.
testLong("the files as they are compile", () => {
  for (const file of ["plan/job.ts", "plan/layers/index.ts", "plan/layers/nfs-mirror/index.ts"])
    expect(errorsIn(file, text => `${text}\n`)).toEqual([]);
});
