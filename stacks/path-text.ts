/**
 * Whether what was set as a path may be one: else it may be the secret itself, as text or in base64, which no message quotes.
 * In base64 it has no dot, and more characters than a path has.
 */
export function isPathText(given: string): boolean {
  return given.length <= longest && !/[\n{]/.test(given) && !/^[A-Za-z0-9+/=_-]{200,}$/.test(given);
}

const longest = 1024;
