/** A volume that a CronJob's pods write to: a folder that a host exports by NFS. */
export interface NfsFolder {
  /** Name of the host in the estate. */
  readonly host: string;
  /** Address of the host, as the nodes mount it. */
  readonly server: string;
  readonly path: string;
  /** UUID of the file system that has to be mounted there. */
  readonly fsUuid: string;
}

/** A pod in which a database's own client makes dumps, and a runner beside it verifies and keeps them. */
export interface DumpPod {
  readonly namespace: string;
  /** Five fields of cron(5), read in `zone`. */
  readonly schedule: string;
  /** IANA name. */
  readonly zone: string;
  /** A start that is missed for longer isn't made up. */
  readonly startWithinMs: number;
  /** The pod is ended then. */
  readonly timeoutMs: number;
  /** Account that the runner runs as, and the client where its files aren't another one's; on no node's list of users. It owns the folder. */
  readonly uid: number;
  readonly client: {
    readonly image: string;
    /** Script in cluster-scripts/clients, without its ending, and those that it reads. */
    readonly script: string;
    /** The one that does what a restore asks for; absent where nothing is kept that could come back. */
    readonly restoreScript?: string;
    readonly includes: readonly string[];
    /** Whether it needs room on a disk of the node's. */
    readonly scratch: boolean;
    readonly environment: Readonly<Record<string, string>>;
    /** A volume whose files it reads, and a restore writes. */
    readonly files?: ApplicationFiles;
  };
  readonly runnerImage: string;
  /** The runner's `config.json`. */
  readonly config: string;
  /** Name of the secret with the client's password; files ask for none. */
  readonly secret: string | undefined;
  /** Name of the secret by which the runner pushes; absent where the Pushgateway takes from anybody. */
  readonly pushSecret: string | undefined;
  readonly target: NfsFolder;
  /** All that the pod may reach, beside its names. */
  readonly reaches: readonly Reachable[];
}

/** What an application keeps in a volume of its own. */
export interface ApplicationFiles {
  /** Claim in the pod's namespace. */
  readonly claim: string;
  /** Number of the account that the files belong to, which the client runs as. */
  readonly owner: number;
  /** Labels of the pods that have the volume: most volumes are on one node at a time. */
  readonly usedBy: Readonly<Record<string, string>>;
}

/** Pods of a namespace, or one address, at a port. */
export type Reachable =
  | { readonly namespace: string; readonly port: number }
  | { readonly address: string; readonly port: number };

/** Where the containers of such a pod have what. */
export const podPaths = {
  /** What the client and the runner hand each other. */
  exchange: "/exchange",
  /** The folder of the dumps. */
  target: "/backup",
  programs: "/holdfast",
  /** The client's alone: what an application has in its volume. */
  files: "/files",
  /** The client's alone, on a disk. */
  scratch: "/scratch",
  /** The client's alone. */
  credentials: "/credentials",
  /** The runner's alone: what it pushes by. */
  pushCredentials: "/push",
} as const;
