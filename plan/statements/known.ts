import { formatDuration, parseDuration } from "../units/duration";
import { parseSize } from "../units/size";
import type { Plan } from "..";
import { bytesOf, datasetId } from "../datasets";
import type { Copy } from "../graph/copies";
import { siteOf } from "../graph/survival";
import type { Job } from "../job";
import type { Retention, Tier } from "../retention";
import { type Fact, spanMs, type Value } from "./value";

/** A value that the plan has for a fact; where it has several, a document may name any. */
export interface Known {
  readonly value: Value;
  readonly text: string;
}

/** What a statement speaks of, as far as the plan has it. */
interface Subject {
  readonly jobs: readonly Job[];
  readonly service?: string;
  readonly disk?: { readonly medium: string; readonly size: string };
  readonly pool?: { readonly size: string; readonly used: string };
  readonly destination?: string;
  readonly secret?: readonly string[];
  readonly copies: readonly Copy[];
}

/** What the plan has for a fact; empty where it knows nothing, so that documents can only contradict one another. */
export function knownValues(plan: Plan, about: string, fact: Fact): Known[] {
  const subject = subjectOf(plan, about);
  switch (fact) {
    case "schedule":
      return subject.jobs.map(({ trigger }) => ({
        value: { kind: "schedule", schedule: trigger.schedule },
        text: trigger.calendar,
      }));
    case "retention":
      return unique(subject.jobs.flatMap(job => job.flows.flatMap(flow => retentionsKnown(flow.retention))));
    case "stale-after":
      return subject.jobs.map(({ judged }) => durationKnown(judged.staleAfterMs));
    case "rpo":
      return [
        ...subject.jobs.map(({ judged }) => durationKnown(judged.rpoMs)),
        ...losses(plan, subject.service),
      ];
    case "rto": {
      const rto = plan.estate.services[subject.service ?? ""]?.promise?.rto;
      return rto === undefined ? [] : [durationKnown(parseDuration(rto))];
    }
    case "volume-count":
      return counts(plan, subject);
    case "medium": {
      const medium = subject.disk?.medium ?? plan.estate.destinations[subject.destination ?? ""]?.medium;
      return medium === undefined ? [] : [textKnown(medium)];
    }
    case "metric":
      return subject.jobs.flatMap(job => job.metrics.map(metric => textKnown(metric.name)));
    case "offsite":
      return offsite(plan, subject);
    case "size":
      return sizes(plan, subject);
    case "used":
      return subject.pool ? [sizeKnown(subject.pool.used)] : [];
    case "excludes":
      return subject.jobs.filter(job => job.flows.length > 0).map(excludesOf);
    case "secret-kept-in":
      return subject.secret ? [setKnown(subject.secret)] : [];
    case "path":
      return [
        ...subject.jobs.flatMap(job => job.flows.map(flow => textKnown(flow.target.path))),
        ...plan.datasets
          .filter(dataset => dataset.service === subject.service)
          .map(dataset => textKnown(dataset.location.path)),
        ...subject.copies.map(copy => textKnown(copy.location.path)),
      ];
  }
}

/** Whether the estate has anything of that name. */
export function isKnown(plan: Plan, about: string): boolean {
  const { jobs, service, disk, pool, destination, secret } = subjectOf(plan, about);
  return (
    jobs.length > 0 ||
    [service, disk, pool, destination, secret].some(thing => thing !== undefined) ||
    about in plan.estate.hosts
  );
}

/** Jobs by name or by "host/name", disks and pools by name or by "host/name", services and their datasets. */
function subjectOf(plan: Plan, about: string): Subject {
  const { estate } = plan;
  const [owner, inner] = about.includes("/") ? about.split("/") : [undefined, about];
  const hosts = Object.entries(estate.hosts).filter(([name]) => owner === undefined || owner === name);
  const disk = hosts.map(([, host]) => host.disks[inner ?? ""]).find(found => found !== undefined);
  const pool = hosts.map(([, host]) => host.pools[inner ?? ""]).find(found => found !== undefined);
  const service =
    about in estate.services ? about : plan.datasets.find(({ id }) => id === datasetId(about))?.service;
  return {
    jobs: plan.jobs.filter(job => job.name === inner && (owner === undefined || owner === job.host)),
    copies: service === undefined ? [] : plan.copies.filter(copy => copy.dataset.service === service),
    ...(service === undefined ? {} : { service }),
    ...(disk ? { disk } : {}),
    ...(pool ? { pool } : {}),
    ...(about in estate.destinations ? { destination: about } : {}),
    ...(estate.secrets[about] ? { secret: estate.secrets[about].keptIn } : {}),
  };
}

function durationKnown(ms: number, of?: string): Known {
  return {
    value: { kind: "duration", ms, ...(of === undefined ? {} : { of }) },
    text: of === undefined ? formatDuration(ms) : `${of}: ${formatDuration(ms)}`,
  };
}

function textKnown(text: string): Known {
  return { value: { kind: "text", text }, text };
}

function sizeKnown(text: string): Known {
  return { value: { kind: "size", bytes: parseSize(text) }, text };
}

function setKnown(items: readonly string[]): Known {
  const sorted = [...new Set(items)].sort();
  return { value: { kind: "set", items: sorted }, text: sorted.join(", ") || "none" };
}

function unique(known: readonly Known[]): Known[] {
  return [...new Map(known.map(each => [each.text, each])).values()];
}

function retentionsKnown(retention: Retention): Known[] {
  switch (retention.kind) {
    case "latest":
      return [textKnown("latest")];
    case "age":
      return [durationKnown(retention.ms)];
    case "count":
      return [tierKnown(retention)];
    case "tiers":
      return retention.tiers.map(tierKnown);
  }
}

function tierKnown({ count, every }: Tier): Known {
  return every === "run"
    ? textKnown(`${count} runs`)
    : { value: { kind: "duration", ms: count * spanMs[every] }, text: `${count} ${every}s` };
}

function losses({ estate }: Plan, service: string | undefined): Known[] {
  const rpo = estate.services[service ?? ""]?.promise?.rpo ?? {};
  return Object.entries(rpo).map(([domain, text]) => durationKnown(parseDuration(text), domain));
}

function counts(plan: Plan, { jobs, service }: Subject): Known[] {
  const datasets = [
    ...jobs.map(job => new Set(plan.copies.filter(copy => copy.job === job).map(copy => copy.dataset))),
    ...(service === undefined ? [] : [new Set(plan.datasets.filter(dataset => dataset.service === service))]),
  ];
  return datasets.map(set => {
    const count = [...set]
      .filter(dataset => dataset.namespace !== undefined)
      .reduce((sum, each) => sum + each.count, 0);
    return { value: { kind: "count", count }, text: String(count) };
  });
}

function offsite(plan: Plan, { destination, copies, service }: Subject): Known[] {
  if (destination !== undefined) {
    const sites = Object.values(plan.estate.hosts).map(host => host.site);
    return [textKnown(sites.includes(plan.estate.destinations[destination]?.site ?? "") ? "no" : "yes")];
  }
  if (service === undefined) return [];
  const away = copies.some(
    copy => siteOf(copy.location, plan.estate) !== siteOf(copy.dataset.location, plan.estate),
  );
  return [textKnown(away ? "yes" : "no")];
}

function sizes(plan: Plan, { service, disk, pool, destination }: Subject): Known[] {
  const known = [disk?.size, pool?.size, plan.estate.destinations[destination ?? ""]?.size]
    .filter(text => text !== undefined)
    .map(sizeKnown);
  if (service === undefined) return known;
  const datasets = plan.datasets.filter(dataset => dataset.service === service);
  const bytes = datasets.reduce((sum, dataset) => sum + (bytesOf(dataset) ?? NaN), 0);
  return bytes === 0 || Number.isNaN(bytes)
    ? known
    : [...known, { value: { kind: "size", bytes }, text: `${bytes / 1e9}GB` }];
}

function excludesOf(job: Job): Known {
  return setKnown(
    job.flows.flatMap(({ source }) =>
      source.kind === "tree"
        ? source.excludes.map(exclude => exclude.name)
        : source.kind === "dataset"
          ? []
          : source.excludeNamespaces.map(exclude => exclude.name),
    ),
  );
}
