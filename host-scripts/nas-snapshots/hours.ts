/** An age for people: days where they are whole or many, else hours. */
export function formatHours(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  if (hours >= 24 && hours % 24 === 0) return `${hours / 24} d`;
  return hours >= 72 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours} h`;
}
