import type { Finding } from "../../checks";
import type { Plan } from "../../plan";
import { drillersOf } from "../../plan/graph/drilled";
import type { Asked } from "../ask-jobs";
import { timesAsked } from "../drill/asked";
import type { ClusterChoice } from "../kubectl";
import { seenIn } from "./cluster";
import { seenOn } from "./host";
import { liveFindings } from "./judge";
import { loadedAt, whatIsLoaded } from "./loaded";
import { restoreFindings } from "./restores";
import { routedNow } from "./routes";

/** The plan against what hosts and clusters say is there. What can't be asked is a finding too, and nothing follows from it. */
export async function lookAround(
  asked: Asked,
  plan: Plan,
  choice: ClusterChoice,
  nowMs: number,
): Promise<{ findings: readonly Finding[]; isWhole: boolean }> {
  const names = Object.keys(plan.estate.hosts);
  const [hosts, clusters, told, restores] = await Promise.all([
    Promise.all(names.map(async host => ({ host, seen: await seenOn(asked, host) }))),
    seenIn(plan.estate, choice),
    loadedAt(plan.estate),
    timesAsked(asked, plan, drillersOf(plan), nowMs),
  ]);
  const answered = [...clusters.values()].flatMap(seen => ("cause" in seen ? [] : [seen]));
  const routed = await routedNow(plan, answered, choice);
  const unasked = [
    ...hosts.flatMap(({ host, seen }) =>
      "cause" in seen
        ? [unknown(host, seen.cause)]
        : seen.unanswered.map(what => unknown(host, `no answer to ${what}`)),
    ),
    ...[...clusters].flatMap(([name, seen]) =>
      ("cause" in seen ? [seen.cause] : seen.unanswered).map(what => unknown(name, what)),
    ),
    ...(told && "cause" in told ? [unknown("prometheus", `${whatIsLoaded}: ${told.cause}`)] : []),
    ...(routed && "cause" in routed
      ? [unknown("alertmanager", `where it leads alerts to: ${routed.cause}`)]
      : []),
    // Of one that let nobody in, that is told already.
    ...restores.unasked
      .filter(({ host }) => !hosts.some(each => each.host === host && "cause" in each.seen))
      .map(({ of, cause }) => unknown(of, cause)),
  ];
  const loaded = [told, ...answered.map(each => each.loaded)].find(each => each && "loaded" in each);
  const seen = {
    hosts: hosts.flatMap(({ seen }) => ("cause" in seen ? [] : [seen])),
    clusters: answered,
    allClusters: answered.length === clusters.size,
    loaded: loaded && "loaded" in loaded ? loaded.loaded : undefined,
    routed: routed && "routed" in routed ? routed.routed : undefined,
  };
  return {
    findings: [...restoreFindings(restores), ...liveFindings(plan, seen, nowMs), ...unasked],
    isWhole: unasked.length === 0,
  };
}

/** What a cause says to type or to write next is the way to an answer; without that, nothing but another try is known. */
function unknown(subject: string, cause: string): Finding {
  const [why, next] = cause.split(". Next: ", 2);
  return {
    ...{ code: "live/unknown", severity: "warning", subject },
    message: `${subject} wasn't asked of all that it has, and nothing is said of that: ${why}`,
    fix: next === undefined ? "Ask again once it answers." : `${next}, and ask again.`,
    evidence: {},
  };
}
