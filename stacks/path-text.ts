/**
 * Whether what was set as a path may be one: else it may be the secret itself, as text or in base64, which no message quotes. Its lines may
 * be one by now, as of `echo $KEY`. In base64 it has no dot, and more characters than a path has; a token has longer parts.
 */
export function isPathText(given: string): boolean {
  return (
    given.length <= longest &&
    !/[\r\n{]|-----/.test(given) &&
    !/^[A-Za-z0-9+/=_-]{200,}$/.test(given.replaceAll(" ", "")) &&
    given.split("/").every(part => Buffer.byteLength(part) <= longestName)
  );
}

const longest = 1024;
/** Of a file, on each of Linux' file systems. */
const longestName = 255;
