import { readFileSync } from "node:fs";
import { join } from "node:path";
// Jest leaves out "typescript" itself, as a deployment does.
import ts from "typescript/lib/typescript";
import { projectRoot } from "../../stacks/project";

/** The compiler's errors in a file of the project, were its text another one. */
function errorsIn(file: string, change: (text: string) => string): string[] {
  const path = join(projectRoot, file);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  changed = { path, text: after };
  version++;
  return service
    .getSemanticDiagnostics(path)
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
  getScriptFileNames: () => [join(projectRoot, "plan/layers/index.ts")],
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

test("nor does one that is listed under another's name", () => {
  const swapped = (text: string): string =>
    text.replace('"nfs-mirror": nfsMirror,', '"nfs-mirror": dailyBackup,');
  expect(errorsIn("plan/layers/index.ts", swapped).join()).toMatch(
    /"daily-backup".*not assignable.*"nfs-mirror"/s,
  );
});

test("nor one that doesn't say what must exist", () => {
  const without = (text: string): string => text.replace("  references(", "  unheard(");
  expect(errorsIn("plan/layers/nfs-mirror/index.ts", without)).not.toEqual([]);
});

test("the files as they are compile", () => {
  for (const file of ["plan/layers/index.ts", "plan/layers/nfs-mirror/index.ts"])
    expect(errorsIn(file, text => `${text}\n`)).toEqual([]);
});
