import { shellWord } from "../plan/contracts/shell-word";
import type { ClusterJob } from "../plan/job";
import type { DumpPod } from "../plan/pod";
import { operatorFault } from "./operator-fault";

/** Digests of the images that an estate names by a tag, by that name: "sha256:..." */
export type Digests = Readonly<Record<string, string>>;

/**
 * Refuses a stack that doesn't know the digest of an image that one of its jobs runs: a tag can become another program.
 * @throws {pulumi.RunError} that names all of them, each with the command that sets it
 */
export function requireImages(jobs: readonly ClusterJob[], digests: Digests): void {
  const askers = new Map<string, string[]>();
  for (const { name, deployment } of jobs)
    for (const image of [deployment.pod.client.image, deployment.pod.runnerImage])
      if (!image.includes("@") && !Object.hasOwn(digests, image))
        askers.set(image, [...(askers.get(image) ?? []), name]);
  if (askers.size === 0) return;
  throw operatorFault(
    [
      "The stack doesn't know which images its jobs run; nothing was changed. Set the digest of each, which stays until you set another:",
      ...[...askers].map(([image, by]) => `  ${pinCommand(image)}  # for ${[...new Set(by)].join(", ")}`),
    ].join("\n"),
  );
}

function pinCommand(image: string): string {
  return `pulumi config set --path ${shellWord(`holdfast:images["${image}"]`)} "$(skopeo inspect --format '{{.Digest}}' ${shellWord(`docker://${image}`)})"`;
}

/** A pod whose images can't become other ones. */
export function pinned(pod: DumpPod, digests: Digests): DumpPod {
  const pin = (image: string): string => {
    const digest = digests[image];
    return image.includes("@") || digest === undefined ? image : `${image}@${digest}`;
  };
  return {
    ...pod,
    runnerImage: pin(pod.runnerImage),
    client: { ...pod.client, image: pin(pod.client.image) },
  };
}
