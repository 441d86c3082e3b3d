/** What a client may hand over: by its form it is known what a dump is called, how it is judged whole, and how it comes back. */
export const dumpForms = {
  /** Text of pg_dumpall. */
  "postgresql-sql": {
    ending: "sql.gz",
    gzip: true,
    judged: "passing",
    text: "postgresql-cluster",
    former: "renamed",
  },
  /** The same of roles and tablespaces alone. */
  "postgresql-roles": {
    ending: "sql.gz",
    gzip: true,
    judged: "passing",
    text: "postgresql-cluster",
    former: "stays",
  },
  /** Archive of `pg_dump -Fc`. */
  "postgresql-archive": {
    ending: "dump",
    gzip: false,
    judged: "read-back",
    text: "postgresql",
    former: "renamed",
  },
  /** Text of mariadb-dump. */
  "mariadb-sql": { ending: "sql.gz", gzip: true, judged: "passing", text: "mariadb", former: "dumped" },
  /** Redis' own format. */
  "redis-rdb": { ending: "rdb", gzip: false, judged: "read-back", text: "counts", former: "dumped" },
  /** A snapshot of etcd, which brings its own sum. */
  "etcd-snapshot": { ending: "db", gzip: false, judged: "read-back", text: "counts", former: "stays" },
  /** Snapshot of a Vault's raft storage: a gzipped tar with the sums of what is in it. */
  "vault-snapshot": { ending: "snap", gzip: false, judged: "read-back", text: "counts", former: "stays" },
  /** Archive of a snapshot of a Prometheus: its blocks, whose chunks are compressed already. */
  "prometheus-blocks": { ending: "tar", gzip: false, judged: "read-back", text: "counts", former: "renamed" },
  /** Archive of a folder, in which each SQLite database is a copy of its own. */
  "sqlite-files": { ending: "tar.gz", gzip: true, judged: "read-back", text: "counts", former: "renamed" },
  /** What a command of the estate's own writes. */
  command: { ending: "dump.gz", gzip: true, judged: "read-back", text: "counts", former: "dumped" },
} as const satisfies Record<string, DumpTraits>;

export type DumpForm = keyof typeof dumpForms;

export interface DumpTraits {
  /** Of its file's name. */
  readonly ending: string;
  /** Whether the runner compresses it; the client's own programs compress what they can read back. */
  readonly gzip: boolean;
  /** As it goes by; or by a program of the client's, which reads what lies on the target. */
  readonly judged: "passing" | "read-back";
  /** What is judged. */
  readonly text: "postgresql-cluster" | "postgresql" | "mariadb" | "counts";
  /**
   * What becomes of what a restore takes the place of: it gets another name; or it is dumped before it goes, where there are no names;
   * or it stays, as a restore only adds to it.
   */
  readonly former: "renamed" | "dumped" | "stays";
}

export function isDumpForm(form: string): form is DumpForm {
  return Object.hasOwn(dumpForms, form);
}

export function traitsOf(form: DumpForm): DumpTraits {
  return dumpForms[form];
}
