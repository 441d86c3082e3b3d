/**
 * A path as a log may show it: in quotes, each byte that isn't printable ASCII as `\xNN`, so a name with a newline
 * stays one line and one with invalid UTF-8 stays readable.
 */
export function quoted(path: string | Buffer): string {
  return `"${noted(path)}"`;
}

/** The same without its quotes: how the estate and `--accept` name a path, also one that is no text. */
export function noted(path: string | Buffer): string {
  let text = "";
  for (const byte of Buffer.from(path)) {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === "\\") text += `\\${char}`;
    else if (byte >= 0x20 && byte < 0x7f) text += char;
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** The same of what somebody typed: what they wrote as a message shows it stays, and the rest becomes so. */
export function notedOfTyped(typed: string): string {
  return typed.replace(/\\(?:["\\]|x[0-9a-f]{2})|[^]/gu, part =>
    part.startsWith("\\") && part.length > 1 ? part : noted(part),
  );
}

/** The bytes of a name that somebody typed: as it is, or as a message shows it. */
export function bytesOfTyped(typed: string): Buffer {
  const bytes = notedOfTyped(typed).replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex?: string, char?: string) =>
    hex === undefined ? (char ?? "") : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1");
}

/** What has to be typed for a path that means itself: two backslashes for one, as a message has them. */
export function typable(path: string): string {
  return path.replaceAll("\\", "\\\\");
}

/** Text of others, such as a program's message, without what a terminal would act on instead of showing it. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, noted);
}

/** For a message that has to stay one line. */
export function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 120)}…${text.slice(-60)}` : text;
}

/** As a message shows a name that is held byte by byte as latin1. */
export function notedName(name: string): string {
  return noted(Buffer.from(name, "latin1"));
}
