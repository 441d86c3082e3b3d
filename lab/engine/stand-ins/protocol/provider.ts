import type { Changes } from "./diff";
import type { Values } from "./values";

/** A resource as the engine names it. */
export interface Subject {
  readonly urn: string;
  /** Type token, e.g. `command:remote:Command`. */
  readonly type: string;
  readonly name: string;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckRequest extends Subject {
  readonly olds: Values;
  readonly news: Values;
  /** Gives the same name to one resource in preview and update. */
  readonly randomSeed: Uint8Array;
}

export interface DiffRequest extends Subject {
  readonly id: string;
  readonly oldInputs: Values;
  readonly oldState: Values;
  readonly news: Values;
}

export interface Diff {
  readonly changes: Changes;
  /** Paths of `changes` that can't be updated in place. */
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace?: boolean;
}

export interface CreateRequest extends Subject {
  readonly inputs: Values;
  readonly preview: boolean;
  /** Seconds; 0 when the program sets none. */
  readonly timeout: number;
}

export interface ReadRequest extends Subject {
  readonly id: string;
  readonly inputs: Values;
  readonly state: Values;
}

export interface UpdateRequest extends Subject {
  readonly id: string;
  readonly oldInputs: Values;
  readonly oldState: Values;
  readonly news: Values;
  readonly preview: boolean;
  /** Seconds; 0 when the program sets none. */
  readonly timeout: number;
}

export interface DeleteRequest extends Subject {
  readonly id: string;
  readonly inputs: Values;
  readonly state: Values;
  /** Seconds; 0 when the program sets none. */
  readonly timeout: number;
}

export type Severity = "debug" | "info" | "warning" | "error";

/** Tells the engine, which shows it beside the resource. */
export type Log = (severity: Severity, urn: string, text: string, ephemeral?: boolean) => void;

/** A resource provider, as far as the engine asks for it. Errors that it throws become the resource's error. */
export interface Provider {
  readonly version: string;
  configure(configuration: Values, log: Log): Promise<void>;
  /** Whether a change of the provider's own configuration means that all resources must be made anew. */
  replacesOnConfiguration?(olds: Values, news: Values): boolean;
  check(request: CheckRequest): Promise<{ inputs: Values; failures: readonly CheckFailure[] }>;
  diff(request: DiffRequest): Promise<Diff>;
  create(request: CreateRequest): Promise<{ id: string; state: Values }>;
  /** Gives undefined when the resource is gone. */
  read(request: ReadRequest): Promise<{ id: string; inputs: Values; state: Values } | undefined>;
  update(request: UpdateRequest): Promise<Values>;
  delete(request: DeleteRequest): Promise<void>;
}

/** A resource that was made, but isn't what it should be: the engine keeps it in the state and says why. */
export class ResourceNotReady extends Error {
  constructor(
    readonly id: string,
    readonly state: Values,
    readonly inputs: Values,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join("; "));
  }
}
