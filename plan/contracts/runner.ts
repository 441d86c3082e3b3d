import { z } from "zod";

export const absolutePath = z.string().regex(/^\//, 'expected an absolute path, e.g. "/srv/nfs"');

/** File name of a credential in `credentialsDir`. */
export const credentialName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

/** A file system that has to be mounted at a path. */
export const mount = z.strictObject({
  path: absolutePath.describe("Mount point"),
  fsUuid: z.string().min(1).describe("UUID of the file system that has to be mounted there"),
});

/** Without these, a set-uid program or a device node among the copies on a disk would be one of its host. */
export const actingOptions = ["nosuid", "nodev"] as const;

/** Fields that the config of each runner has. Times in ms. */
export const runnerFields = {
  /** Name of the host in the estate: the `instance` label of its metrics. */
  host: z.string().min(1),
  /** The runner stops itself then, before the unit's time-out. */
  budgetMs: z.int().positive(),
  /** Lock, last report, and what one run leaves for the next. */
  stateDir: absolutePath,
  /** Metrics that survive a Pushgateway's absence; node-exporter's textfile collector reads them. */
  textfile: absolutePath,
  pushgateway: z.strictObject({
    url: z.url(),
    timeoutMs: z.int().positive(),
    attempts: z.int().positive(),
    /** Left out where it takes from anybody. */
    login: z
      .strictObject({ user: z.string().min(1), credentialsDir: absolutePath, password: credentialName })
      .optional(),
  }),
};

/** Zone in which a runner reads its periods; one that this host's Node doesn't know would end each run in its middle. */
export const timeZone = z.string().refine(isTimeZone, {
  error: issue => `"${String(issue.input)}" is no time zone, expected an IANA name, e.g. "Europe/Sofia"`,
});

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Where and how metrics are pushed. */
export interface Pushgateway {
  readonly url: string;
  /** Time for one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Who it is told to be; its password is the text of a credential. Left out where it takes from anybody. */
  readonly login?:
    | { readonly user: string; readonly credentialsDir: string; readonly password: string }
    | undefined;
}

/** What the runtime needs of any runner's config. */
export interface RunnerConfig {
  readonly job: string;
  /** What its metrics are called after; its own name unless given. */
  readonly metricsJob?: string;
  readonly host: string;
  readonly budgetMs: number;
  readonly stateDir: string;
  readonly textfile: string;
  readonly pushgateway: Pushgateway;
}

/**
 * Folder with a job's secrets, one file each, of mode 0600. The unit loads them (systemd.exec(5), LoadCredential=); a run
 * by hand reads them from here.
 */
export const credentialsDir = absolutePath;
