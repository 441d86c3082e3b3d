import { normalize } from "node:path/posix";
import type { Plan } from "../../plan";
import { nearest } from "../../plan/contracts/near";
import { type Dataset, datasetId, membersOf } from "../../plan/datasets";
import { exceptVolumes } from "../../plan/estate/except-volumes";
import { isBelow } from "../../plan/layers/places";
import { BadInput } from "../bad-input";
import { hostOf } from "../host-of";

/** What is looked for: a dataset, or one path in it. */
export interface Sought {
  readonly dataset: Dataset;
  /** Below where the dataset lies, without a slash at its start; all of it unless given. */
  readonly below?: string;
}

/** A name by which a dataset is asked for. */
interface Name {
  readonly text: string;
  readonly dataset: Dataset;
  /** What a path below this name is called in each copy begins with that. */
  readonly inCopy: string;
}

/**
 * What an operator means: a service, "service/dataset", "NAMESPACE/CLAIM", a path of a host, or a path below one of them.
 * @param host whose data alone is meant; that of all unless given
 * @throws {BadInput} for what no service has, with the names that are near
 */
export function soughtBy(plan: Plan, what: string, host: string | undefined): Sought[] {
  if (host !== undefined) hostOf(plan.estate, host);
  if (what.split("/").includes(".."))
    throw new BadInput(`"${what}" goes up by "..": expected a path as it is in the data, without that.`);
  const isMeant = ({ location: { machine } }: Dataset): boolean =>
    host === undefined || (machine.kind === "host" && machine.name === host);
  const datasets = plan.datasets.flatMap(membersOf).filter(isMeant);
  const typed = normalize(what).replace(/(?<=.)\/+$/, "");
  const service = datasets.filter(dataset => dataset.service === typed);
  if (service.length > 0) return service.map(dataset => ({ dataset }));
  const names = datasets.flatMap(dataset => namesOf(plan, dataset));
  const above = names.filter(({ text }) => isBelow(typed, text));
  const longest = Math.max(...above.map(({ text }) => text.length));
  const found = above
    .filter(({ text }) => text.length === longest)
    .map(({ text, dataset, inCopy }): Sought => {
      const below = `${inCopy}${typed.slice(text.length)}`.replace(/^\/+/, "");
      return below === "" ? { dataset } : { dataset, below };
    });
  if (found.length > 0) return [...new Map(found.map(each => [each.dataset, each])).values()];
  const inside = typed.startsWith("/") ? names.filter(({ text }) => isBelow(text, typed)) : [];
  if (inside.length > 0)
    return [...new Set(inside.map(({ dataset }) => dataset))].map(dataset => ({ dataset }));
  throw unknown(what, host, [...datasets.map(({ service }) => service), ...names.map(({ text }) => text)]);
}

function namesOf({ estate }: Plan, dataset: Dataset): Name[] {
  const { kind, id, service, name, location } = dataset;
  const words = [...new Set([id, `${service}/${name}`])].map(text => ({ text, dataset, inCopy: "" }));
  if (kind === "volume")
    return [...words, { text: location.path.slice(location.path.indexOf("/") + 1), dataset, inCopy: "" }];
  if (kind === "tree") return [...words, { text: location.path, dataset, inCopy: "" }];
  const paths = exceptVolumes(estate).flatMap(({ service, spec }) =>
    spec.kind === "configuration" && datasetId(`${service}/${spec.name ?? service}`) === id ? spec.paths : [],
  );
  // A generation of it has each path as it is on the host.
  return [...words, ...paths.map(text => ({ text, dataset, inCopy: text }))];
}

function unknown(what: string, host: string | undefined, known: readonly string[]): BadInput {
  const near = nearest(what, new Set(known));
  const meant =
    near.length > 0
      ? ` Did you mean ${near.map(name => `"${name}"`).join(" or ")}?`
      : " Expected a service, SERVICE/DATASET, NAMESPACE/CLAIM, a path of a host, or a path below one of them.";
  return new BadInput(
    `"${what}" is no service, no claim and no path that a service names${host === undefined ? "" : ` on ${host}`}.${meant}`,
  );
}
