/** Two weeks are enough to order a disk, and to make room. */
export const fullWithinDays = 14;

/** How long a series has to be there before it is reckoned with. */
export const reckonedAfterMs = 96 * 3_600_000;

/**
 * Whether what is free is none in two weeks, if it goes on as in the last seven days, in the last two, and in two that ended three days
 * ago. What is filled for the first time, or gets another service in one night, would be full for a week by the first alone, and for most
 * of a day by the first two: one night is never in both of the others.
 */
export function fullSoon(free: string): string {
  const full = (since: string): string => `predict_linear(${free}${since}, ${fullWithinDays} * 86400) < 0`;
  const lately = ["[7d]", "[2d]", "[2d] offset 3d"].map(full);
  return `${lately.join(" and ")} and ${free} offset ${reckonedAfterMs / 86_400_000}d`;
}
