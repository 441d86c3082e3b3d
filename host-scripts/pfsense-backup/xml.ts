/** What a well-formed document's root is called, and its children, in their order. */
export interface XmlOutline {
  readonly root: string;
  readonly children: readonly string[];
}

/** Not a whole document; the message has a line's number and no text of the document but names. */
export class NotWellFormed extends Error {}

const nameStart = "A-Za-z_:\\u00C0-\\u{EFFFF}";
const namePart = `[${nameStart}][${nameStart}\\-.0-9\\u00B7]*`;
const attribute = `\\s+${namePart}\\s*=\\s*(?:"[^<"]*"|'[^<']*')`;
const tag = new RegExp(`<(?<close>/)?(?<name>${namePart})(?:${attribute})*\\s*(?<empty>/)?>`, "uy");
/** That, or `]]>`, isn't text, nor are most control characters. An entity has a name, and not all that follows for one. */
const bareAmpersand = new RegExp(
  `&(?!(?:[${nameStart}][${nameStart}\\-.0-9\\u00B7]{0,99}|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)`,
  "u",
);
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

/**
 * Reads a document to its end: every element is closed in its turn, there is one root, and nothing but comments is beside
 * it. Document types are refused: pfSense writes none, and they can hold what no reader expects.
 * @see https://www.w3.org/TR/xml/
 * @throws {NotWellFormed}
 */
export function outlineOf(bytes: Buffer): XmlOutline {
  const document = decode(bytes);
  const open: string[] = [];
  const children: string[] = [];
  let root: string | undefined;
  for (let at = document.startsWith("\uFEFF") ? 1 : 0; at < document.length;) {
    const piece = betweenTags(document, at) ?? tagAt(document, at);
    if (piece === undefined) throw fault(document, at, "it isn't XML");
    const [text, { name, close, empty }] = piece;
    if (name === undefined) checkBetween(document, at, text, open.length === 0);
    else if (close !== undefined) {
      const expected = open.pop();
      if (expected !== name || empty !== undefined || text.includes("="))
        throw fault(
          document,
          at,
          `</${name}> closes ${expected === undefined ? "nothing" : `<${expected}>`}`,
        );
    } else {
      if (bareAmpersand.test(text)) throw fault(document, at, "a bare &");
      if (open.length === 0 && root !== undefined) throw fault(document, at, `<${name}> comes after the end`);
      if (open.length === 0) root = name;
      if (open.length === 1) children.push(name);
      if (empty === undefined) open.push(name);
    }
    at += text.length;
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw fault(document, document.length, `it ends within <${unclosed}>`);
  if (root === undefined) throw new NotWellFormed("it has no element");
  return { root, children };
}

interface Tag {
  readonly name?: string;
  readonly close?: string;
  readonly empty?: string;
}

/** Text, a comment, CDATA or an instruction: by its end alone, as a pattern has no room for a long one. Nothing for a tag. */
function betweenTags(document: string, at: number): [string, Tag] | undefined {
  const until = (end: string, from: number): [string, Tag] | undefined => {
    const endsAt = document.indexOf(end, from);
    return endsAt === -1 ? undefined : [document.slice(at, endsAt + end.length), {}];
  };
  if (document.startsWith("<!--", at)) {
    // Two hyphens end a comment, or nothing does.
    const comment = until("--", at + "<!--".length);
    return comment && document[at + comment[0].length] === ">" ? [`${comment[0]}>`, {}] : undefined;
  }
  if (document.startsWith("<![CDATA[", at)) return until("]]>", at);
  if (document.startsWith("<?", at)) return until("?>", at);
  if (document[at] === "<") return undefined;
  const endsAt = document.indexOf("<", at);
  return [document.slice(at, endsAt === -1 ? undefined : endsAt), {}];
}

function tagAt(document: string, at: number): [string, Tag] | undefined {
  tag.lastIndex = at;
  try {
    const found = tag.exec(document);
    return found ? [found[0], found.groups ?? {}] : undefined;
  } catch (error) {
    // What a pattern has room for is millions of characters: no tag has as many.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decode(bytes: Buffer): string {
  let document: string;
  try {
    document = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotWellFormed("it isn't UTF-8");
  }
  const control = forbidden.exec(document);
  if (control) throw fault(document, control.index, "a control character");
  return document;
}

function checkBetween(document: string, at: number, piece: string, isOutside: boolean): void {
  if (piece.startsWith("<!--")) return;
  if (piece.startsWith("<?")) {
    if (/^<\?xml\s/.test(piece) && at > 1) throw fault(document, at, "a declaration that isn't at the start");
    return;
  }
  if (isOutside && (piece.startsWith("<![CDATA[") || piece.trim() !== ""))
    throw fault(document, at, "text outside of the root element");
  if (!piece.startsWith("<") && (bareAmpersand.test(piece) || piece.includes("]]>")))
    throw fault(document, at, "a bare & or ]]>");
}

function fault(document: string, at: number, why: string): NotWellFormed {
  return new NotWellFormed(`line ${document.slice(0, at).split("\n").length}: ${why}`);
}
