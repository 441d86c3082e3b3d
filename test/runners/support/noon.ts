/** Its hour is between eleven and one now, by Etc's names, which count westwards. */
const ahead = 12 - new Date().getUTCHours();

/**
 * A zone in which it is about noon: what is counted by its days, weeks or months meets no midnight while a file of tests runs, which
 * by UTC or by a place's clocks it would now and then.
 */
export const noonZone = `Etc/GMT${ahead < 0 ? "+" : "-"}${Math.abs(ahead)}`;

/** Ms since midnight there. */
export const sinceMidnight = (nowMs: number): number => (nowMs + ahead * 3_600_000) % 86_400_000;
