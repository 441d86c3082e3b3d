import { parseDocument } from "yaml";

/**
 * What a text in YAML 1.2 says. A tag that nobody knows, a key that is there twice or is no text, and a second document are refused: a reader
 * would take them for something else. Anchors and merge keys are taken, as far as they multiply nothing.
 * @throws {Error} in one line, with the place
 */
export function yamlData(text: string): unknown {
  const document = parseDocument(text, { merge: true, stringKeys: true });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) throw new Error(fault.message.split("\n")[0]?.replace(/:$/, ""));
  const data: unknown = document.toJS({ maxAliasCount: 100 });
  return data;
}
