/** What an earlier phase has set. @throws {Error} a fault of the program, not of an operator */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`phase order: no ${what} yet`);
  return value;
}
