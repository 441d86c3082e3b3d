/** How many of the first numbers, ascending, hold: by halves, so that a horizon of years costs a handful of looks. */
export function countUntil(ascending: readonly number[], holds: (number: number) => boolean): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(ascending[middle] ?? Infinity)) from = middle + 1;
    else to = middle;
  }
  return from;
}
