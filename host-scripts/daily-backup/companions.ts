/** Files beside an SQLite database that are part of it. */
export const companions = ["-wal", "-journal", "-shm"] as const;

/** The database that a path is a companion of, by its name; undefined for any other path. */
export function databaseOf(path: Buffer): Buffer | undefined {
  const suffix = companions.find(end => path.subarray(-end.length).equals(Buffer.from(end)));
  return suffix && path.subarray(0, -suffix.length);
}
