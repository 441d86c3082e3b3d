import { readFileSync } from "node:fs";
import { z } from "zod";
import type { InForce } from "../../plan/contracts/in-force";
import { messageOf } from "../runtime/errors";
import { ApiRefusal, connect } from "../runtime/kubernetes/api";
import { shell } from "../runtime/shell";
import type { Difference } from "./effective-state";
import { subjectOf } from "./subject";

type Rights = Extract<InForce, { kind: "rights" }>;

const reviews = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const strings = z.array(z.string()).default([]);
const review = z.object({
  status: z.object({
    resourceRules: z
      .array(z.object({ apiGroups: strings, resources: strings, verbs: strings, resourceNames: strings }))
      .default([]),
  }),
});

/** Every account may ask who it is and what it may do, and read which authorities the cluster trusts. */
const everybodys =
  /^((authentication|authorization)\.k8s\.io\/self|certificates\.k8s\.io\/clustertrustbundles (get|list|watch)$)/;

/** By each cluster's own answer to the account. Of one that isn't reached, the jobs that need it tell. */
export async function rightsDifferences(rights: readonly Rights[], stop: AbortSignal): Promise<Difference[]> {
  return (await Promise.all(rights.map(each => ofAccount(each, stop)))).flat();
}

async function ofAccount(rights: Rights, stop: AbortSignal): Promise<Difference[]> {
  const { job, kubeconfig, namespace, rules } = rights;
  const differs = (text: string, next: string): Difference[] => [
    { kind: "rights", subject: subjectOf(rights), text: `${text}; ${job} asks the cluster by it`, next },
  ];
  let answer: unknown;
  try {
    answer = await connect(readFileSync(kubeconfig, "utf8"), stop).create(reviews, {
      ...{ apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview" },
      spec: { namespace },
    });
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 401)
      return differs("declared an account, and the cluster doesn't take its token", "pulumi up --refresh");
    // A file that is gone is told by its job too, which can't begin; an API that is overloaded, or beginning, is none that refuses.
    return error instanceof ApiRefusal && error.status < 500 && error.status !== 429
      ? differs(`what its account may do can't be asked: ${messageOf(error)}`, "pulumi up --refresh")
      : [];
  }
  const parsed = review.safeParse(answer);
  if (!parsed.success) return differs("what its account may do isn't told by the cluster", "kubectl version");
  const [declared, has] = [rules, parsed.data.status.resourceRules].map(
    each => new Set(each.flatMap(wordsOf)),
  );
  const lost = [...(declared ?? [])].filter(word => !has?.has(word));
  const more = [...(has ?? [])].filter(word => !declared?.has(word) && !everybodys.test(word));
  if (lost.length === 0 && more.length === 0) return [];
  const said = [
    ...(lost.length === 0 ? [] : [`may not ${lost.join(", ")}`]),
    ...(more.length === 0 ? [] : [`may also ${more.join(", ")}`]),
  ];
  return differs(
    `declared ${[...(declared ?? [])].join(", ")}, and its account ${said.join(", and ")}`,
    shell`kubectl --kubeconfig ${kubeconfig} auth can-i --list; pulumi up --refresh`,
  );
}

/** Each right as a word: "apps/deployments get". */
function wordsOf(rule: {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}): string[] {
  const named = rule.resourceNames?.length ? ` (${rule.resourceNames.join(", ")})` : "";
  return rule.apiGroups.flatMap(group =>
    rule.resources.flatMap(resource =>
      rule.verbs.map(verb => `${group === "" ? "" : `${group}/`}${resource} ${verb}${named}`),
    ),
  );
}
