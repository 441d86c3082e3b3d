/**
 * A path as a log may show it: in quotes, each byte that isn't printable ASCII as `\xNN`, so a name with a newline
 * stays one line and one with invalid UTF-8 stays readable.
 */
export function quoted(path: string | Buffer): string {
  let text = "";
  for (const byte of Buffer.from(path)) {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === "\\") text += `\\${char}`;
    else if (byte >= 0x20 && byte < 0x7f) text += char;
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"`;
}

/** For a message that has to stay one line. */
export function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 120)}…${text.slice(-60)}` : text;
}
