/** A machine of the estate: where a job runs, or where bytes live. */
export interface Machine {
  readonly kind: "host" | "cluster" | "destination" | "firewall";
  readonly name: string;
}

/** Where bytes live. `path` is absolute, or `pool:NAME/...` in a thin pool. */
export interface Location {
  readonly machine: Machine;
  /** Disk of the machine; absent where the machine is one failure domain, as a NAS is. */
  readonly disk?: string;
  readonly path: string;
}
