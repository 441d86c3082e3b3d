import type * as pulumi from "@pulumi/pulumi";
import type { HostConnection } from "../components/host-release";
import { NasRetention } from "../components/nas-retention";
import type { Estate } from "../plan";
import type { Job } from "../plan/job";
import type { ReachedHost } from "./reach-hosts";

/** A retention that a deployment sets on a NAS. */
export interface SetRetention extends ReachedHost {
  /** Its resource. */
  readonly resource: string;
  readonly share: string;
  readonly keepDays: number;
  readonly password: pulumi.Output<string>;
}

/** What the jobs' NAS are told, each by an account of its own. Secrets of the stack have been required before. */
export function nasRetentions(
  jobs: readonly Job[],
  estate: Estate,
  secrets: Readonly<Record<string, pulumi.Output<string>>>,
): SetRetention[] {
  return jobs.flatMap(({ name, nasRetention }) => {
    if (!nasRetention) return [];
    const { destination, share, keepDays, user } = nasRetention;
    const place = estate.destinations[destination];
    const [privateKey, password] = [secrets[nasRetention.key], secrets[nasRetention.password]];
    if (!privateKey || !password || place?.hostKey === undefined)
      throw new Error(
        `the retention of ${share} can't be set: ${destination} isn't known, or its secrets aren't`,
      );
    const { address: host, port, hostKey } = place;
    const connection: HostConnection = { host, port, user, hostKey, privateKey };
    return [
      {
        name: destination,
        resource: `${name}-${destination}-retention`,
        connection,
        share,
        keepDays,
        password,
      },
    ];
  });
}

/** Sets each of them. */
export function setRetentions(
  retentions: readonly SetRetention[],
  opts: pulumi.ComponentResourceOptions,
): void {
  for (const { resource, connection, share, keepDays, password } of retentions)
    new NasRetention(resource, { connection, share, keepDays, password }, opts);
}
