/** Of fewer files, all of them changing in a night is nothing unusual. */
export const leastCompared = 50;

/** Whether what is left is less than a share of what was there. */
export function isLess(now: number, before: number, leastPercent: number): boolean {
  return before > 0 && (now === 0 || now < (leastPercent / 100) * before);
}

/** Whether so many of the files are others that somebody may have overwritten or encrypted them. */
export function isMostlyOther(changed: number, files: number, mostChangedPercent: number): boolean {
  return files >= leastCompared && changed > (mostChangedPercent / 100) * files;
}
