// What an editor offers in a file, by TypeScript's own language service, which editors ask: `editor.ts FILE PLACE…` prints as JSON the names that are
// offered behind each place, a regular expression, and what is underlined in the file as it is.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

const [file = "", ...places] = process.argv.slice(2);
const written = readFileSync(file, "utf8");
const folder = dirname(file);
/** The text as it is typed, and how often it has changed. */
let typed = { text: written, version: 0 };

const { options } = ts.parseJsonConfigFileContent(
  JSON.parse(readFileSync(`${folder}/tsconfig.json`, "utf8")),
  ts.sys,
  folder,
);
const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [file],
  getScriptVersion: name => (name === file ? String(typed.version) : "0"),
  getScriptSnapshot: name => {
    const text = name === file ? typed.text : ts.sys.readFile(name);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => folder,
  getDefaultLibFileName: of => join(dirname(require.resolve("typescript")), ts.getDefaultLibFileName(of)),
  readFile: path => ts.sys.readFile(path),
  fileExists: path => ts.sys.fileExists(path),
  directoryExists: path => ts.sys.directoryExists(path),
});

function type(text: string): void {
  typed = { text, version: typed.version + 1 };
}

/** What is offered behind a place, where somebody begins to write. */
function offeredAt(place: string): string[] {
  const found = new RegExp(place).exec(written);
  if (!found) throw new Error(`${file} has no ${place}`);
  const at = found.index + found[0].length;
  // What stands there already would be offered no more.
  const rest = place.endsWith('"') ? written.slice(at) : `}, rest: {${written.slice(at)}`;
  type(`${written.slice(0, at)}${rest}`);
  return (
    service.getCompletionsAtPosition(file, at, {})?.entries.map(({ name }) => name.replaceAll('"', "")) ?? []
  );
}

const offered = places.map(offeredAt);
type(written);
const faults = [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].map(
  ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"),
);
process.stdout.write(JSON.stringify({ offered, faults }));
