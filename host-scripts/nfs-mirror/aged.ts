import { acceptCommand } from "../runtime/arguments";
import { required } from "../runtime/required";
import { ready, shell } from "../runtime/shell";
import { isMeant, type Mirror, type Rewritten } from "./mirror";

/** A few files get an older time on any day. */
const mostOlder = 10;
/** Fewer files are enough where it is so in several services, and in most of those in which anything changed: some have a few large files. */
const leastServices = 2;

/** Services in which newer copies would give way to older files. */
export interface Aged {
  /** Most of what changed in them is older than its copy. */
  readonly causes: readonly string[];
  /** They, and those in which anything is. */
  readonly services: ReadonlySet<string>;
}

/**
 * Finds what looks like an earlier state of the source: a file that was changed is newer, as a rule. An old clone of the source's
 * disk, which has its UUID, makes files older in many services, and a restore in one.
 * @returns undefined when there are no more than a few
 */
export function agedServices(mirror: Mirror): Aged | undefined {
  const asked = [...required(mirror.scan, "scan").rewritten].filter(([name]) => !isMeant(mirror, name));
  const causes = asked.filter(([, { files, older }]) => older > files / 2);
  const older = causes.reduce((sum, [, service]) => sum + service.older, 0);
  const isMostServices = causes.length >= leastServices && causes.length > asked.length / 2;
  if (older <= mostOlder && !isMostServices) return undefined;
  return { causes: namesOf(causes), services: new Set(namesOf(asked.filter(([, { older }]) => older > 0))) };
}

function namesOf(services: readonly (readonly [string, Rewritten])[]): string[] {
  return services.map(([name]) => name);
}

export function agedReason(mirror: Mirror, service: string): string {
  const { files, older } = required(required(mirror.scan, "scan").rewritten.get(service), "rewritten");
  return `${older} of the ${files} files that would get another content are newer here than at the source: was an old clone mounted there, or something restored?`;
}

/** Why nothing of the other services goes meanwhile: an old disk lacks what was made since. */
export const agedElsewhere = "the source lacks some of it, and has older files than the mirror in others";

/** An answer for those that look restored, and for no other: what else is held in the same night has a cause of its own. */
export function agedNext({ config }: Mirror, { causes }: Aged): string {
  const names = causes.map(name => Buffer.from(name, "latin1"));
  return shell`lsblk --output NAME,SIZE,MODEL,SERIAL,UUID,MOUNTPOINTS   (if they are meant to be older: ${ready(acceptCommand(config.job, ...names))})`;
}
