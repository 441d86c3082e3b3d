/**
 * A word of a command that somebody types or pastes: a shell passes it on byte by byte and reads nothing in it as its own.
 * Bytes that aren't printable ASCII are `\xNN` in bash's `$'…'`, so that a terminal shows what there is and acts on none of it.
 */
export function shellWord(text: string | Buffer): string {
  const bytes = Buffer.from(text);
  const plain = bytes.toString("latin1");
  if (/^[\w@%+=:,./-]+$/.test(plain)) return plain;
  if (/^[\x20-\x7e]*$/.test(plain)) return `'${plain.replaceAll("'", `'\\''`)}'`;
  // A "!" is the history's for some bash even here.
  const escaped = plain.replace(/[^\x20-\x7e]|['\\!]/g, char => `\\x${hexOf(char)}`);
  return `$'${escaped}'`;
}

function hexOf(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}
