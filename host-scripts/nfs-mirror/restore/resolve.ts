import { readdirSync } from "node:fs";
import { nearest } from "../../../plan/contracts/near";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { bytesOfTyped, noted, notedName, quoted } from "../../runtime/quoted";
import { shell } from "../../runtime/shell";
import { inTree, statIn } from "../../runtime/tree-path";
import { typedPath } from "../../runtime/typed-path";
import { isLeftOut } from "../mirror";

/** Services on the mirror, byte by byte as latin1, in their order. */
export function mirroredServices(config: NfsMirrorConfig): string[] {
  return readdirSync(config.target.path, { encoding: "buffer" })
    .filter(entry => !isLeftOut(config, entry.toString()))
    .sort(Buffer.compare)
    .map(entry => entry.toString("latin1"));
}

/**
 * The service of the mirror that somebody has typed, as it is or as messages show it.
 * @throws {Refusal} that says what may have been meant
 */
export function serviceTyped(config: NfsMirrorConfig, typed: string): string {
  const bytes = bytesOfTyped(typed);
  const name = bytes.toString("latin1");
  const services = mirroredServices(config);
  if (services.includes(name)) return name;
  if (isLeftOut(config, bytes.toString()))
    throw new Refusal(
      `${quoted(bytes)} is not mirrored by this job: it is left out in the estate, or another job's`,
      shell`${config.job} list`,
    );
  const near = nearest(
    noted(bytes),
    services.map(service => notedName(service)),
  ).map(candidate => `"${candidate}"`);
  throw new Refusal(
    `there is no service ${quoted(bytes)} on the mirror${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ""}`,
    shell`${config.job} list`,
  );
}

/**
 * What is to come back: names below the root, none of them below another one.
 * @param what "." for all services; else a service, and paths in it, where not all of it is wanted
 */
export function wantedTyped(config: NfsMirrorConfig, what: readonly string[]): string[] {
  const [first, ...paths] = what;
  if (first === undefined) throw usage(config, "restore needs a SERVICE");
  if (first === ".") {
    if (paths.length > 0) throw usage(config, `"." is all services, and takes no path`);
    return mirroredServices(config);
  }
  const service = serviceTyped(config, first);
  if (paths.length === 0) return [service];
  const wanted = [...new Set(paths.map(path => `${service}/${pathTyped(config, path)}`))];
  for (const name of wanted)
    if (statIn(config.target.path, name) === undefined)
      throw new Refusal(
        `the mirror has no ${quoted(Buffer.from(name, "latin1"))}`,
        shell`ls -la --quoting-style=escape ${inTree(config.target.path, service)}`,
      );
  return wanted.filter(name => !wanted.some(other => name.startsWith(`${other}/`)));
}

function pathTyped(config: NfsMirrorConfig, typed: string): string {
  const path = typedPath(typed);
  if (path === undefined)
    throw usage(config, `${quoted(typed)} is no path in a service, expected one such as "library/album"`);
  return path;
}

function usage({ job }: NfsMirrorConfig, failed: string): RunnerError {
  return new RunnerError(exitCodes.usage, {
    failed,
    kept: "Nothing was changed.",
    next: shell`${job} --help`,
  });
}
