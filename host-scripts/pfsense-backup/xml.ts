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
const token = new RegExp(
  [
    "<!--(?:(?!--)[\\s\\S])*?-->",
    "<!\\[CDATA\\[[\\s\\S]*?\\]\\]>",
    "<\\?[\\s\\S]*?\\?>",
    `<(?<close>/)?(?<name>${namePart})(?:${attribute})*\\s*(?<empty>/)?>`,
    "[^<]+",
  ].join("|"),
  "uy",
);
/** That, or `]]>`, isn't text, nor are most control characters. Looked for by itself: a pattern of a whole text has no room for a long one. */
const bareAmpersand = new RegExp(`&(?!(?:${namePart}|#[0-9]+|#x[0-9A-Fa-f]+);)`, "u");
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
    token.lastIndex = at;
    const found = token.exec(document);
    if (found === null) throw fault(document, at, "it isn't XML");
    const { name, close, empty } = found.groups ?? {};
    const [piece] = found;
    if (name === undefined) checkBetween(document, at, piece, open.length === 0);
    else if (close !== undefined) {
      const expected = open.pop();
      if (expected !== name || empty !== undefined || piece.includes("="))
        throw fault(
          document,
          at,
          `</${name}> closes ${expected === undefined ? "nothing" : `<${expected}>`}`,
        );
    } else {
      if (!piece.startsWith("<") || /&(?![A-Za-z_:#][^;<>]*;)/.test(piece))
        throw fault(document, at, "a bare &");
      if (open.length === 0 && root !== undefined) throw fault(document, at, `<${name}> comes after the end`);
      if (open.length === 0) root = name;
      if (open.length === 1) children.push(name);
      if (empty === undefined) open.push(name);
    }
    at += piece.length;
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw fault(document, document.length, `it ends within <${unclosed}>`);
  if (root === undefined) throw new NotWellFormed("it has no element");
  return { root, children };
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
