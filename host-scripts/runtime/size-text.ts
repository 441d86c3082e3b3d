const mib = 2 ** 20;

/** "3.1 GiB", "12 MiB", "5 KiB": for a person. */
export function sizeText(bytes: number): string {
  if (bytes >= 1024 * mib) return `${(bytes / (1024 * mib)).toFixed(1)} GiB`;
  return bytes >= mib ? `${(bytes / mib).toFixed(0)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}
