/**
 * What acts on a terminal or hides text from a reader: control characters, and marks that turn the direction of text.
 * Newlines and tabs are layout.
 */
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text in which such characters are seen as `\u001b` instead of acting: as JSON and JavaScript write them, so JSON stays what it is. */
export function visible(text: string): string {
  return text.replace(acting, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The first such character of a text, e.g. "U+001B"; undefined where there is none. */
export function actingCharacter(text: string): string | undefined {
  const at = text.search(acting);
  return at < 0 ? undefined : `U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0")}`;
}
