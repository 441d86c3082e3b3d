import { basename, dirname } from "node:path";
import type { Finding } from "../../checks";
import type { Estate } from "../../plan";
import { datasetId } from "../../plan/datasets";
import { didYouMean } from "../../plan/estate/lookup";
import type { DatasetSpec } from "../../plan/estate/services";
import type { Seen } from "./seen";

/** What the estate calls something that nobody has, and the question whether another name was meant. */
interface Gone {
  readonly what: string;
  readonly near?: string;
}

/** What the estate names and nobody has, as one that is spelt otherwise. Of what no copy is wanted, nothing is lost. */
export function notThere({ services }: Estate, seen: Seen): Finding[] {
  return Object.entries(services).flatMap(([service, { data }]) =>
    data.flatMap(spec =>
      goneOf(spec, spec.name ?? service, seen).map(({ what, near = "" }): Finding => {
        const subject = datasetId(`${service}/${spec.name ?? service}`);
        const lost = spec.unprotected
          ? "no copy of it is wanted anyway"
          : "what is promised of it is kept by nobody";
        return {
          ...{ code: "live/not-there", severity: spec.unprotected ? "warning" : "error", subject },
          message: `${subject} is ${what}, which isn't there: ${lost}${near || "."}`,
          fix: `Write in services.${service}.data what it is called there, or remove it.`,
          evidence: { what },
        };
      }),
    ),
  );
}

function goneOf(spec: DatasetSpec, name: string, seen: Seen): Gone[] {
  switch (spec.kind) {
    case "volume":
      return spec.count > 1 ? [] : goneClaim(`${spec.namespace}/${spec.claim ?? name}`, seen);
    case "database":
      return "namespace" in spec.on ? goneNamespace(spec.on.namespace, seen) : [];
    case "vm":
      return goneVm(spec.host, spec.id, seen);
    case "tree":
      return gonePaths(spec.host, [spec.path], seen);
    case "configuration":
      return gonePaths(spec.host, spec.paths, seen);
    case "device":
      return [];
  }
}

function goneClaim(claim: string, { clusters, allClusters }: Seen): Gone[] {
  const claims = clusters.flatMap(({ claims }) =>
    claims.map(({ namespace, name }) => `${namespace}/${name}`),
  );
  if (!allClusters || claims.includes(claim)) return [];
  return [{ what: `claim ${claim}`, near: didYouMean(claim, claims) }];
}

/** The estate doesn't say what the claim of a database's volume is called. */
function goneNamespace(namespace: string, { clusters, allClusters }: Seen): Gone[] {
  const isThere = clusters.some(({ claims }) => claims.some(claim => claim.namespace === namespace));
  return !allClusters || isThere ? [] : [{ what: `in a volume of namespace ${namespace}` }];
}

function goneVm(on: string, id: number, { hosts }: Seen): Gone[] {
  const vms = hosts.find(({ host }) => host === on)?.vms;
  return vms === undefined || vms.some(vm => vm.id === id) ? [] : [{ what: `VM ${id} of ${on}` }];
}

function gonePaths(on: string, paths: readonly string[], { hosts }: Seen): Gone[] {
  const host = hosts.find(({ host }) => host === on);
  return paths
    .filter(path => host?.absent.includes(path))
    .map(path => {
      const beside = host?.entries
        .filter(entry => dirname(entry) === dirname(path))
        .map(entry => basename(entry));
      return { what: `${path} of ${on}`, near: didYouMean(basename(path), beside ?? []) };
    });
}
