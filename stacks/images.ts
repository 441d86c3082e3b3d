import { shellWord } from "../plan/contracts/shell-word";
import type { DumpPod } from "../plan/pod";
import { operatorFault } from "./operator-fault";

/** Digests of the images that an estate names by a tag, by that name: "sha256:..." */
export type Digests = Readonly<Record<string, string>>;

/** What runs in the cluster, and by which images. */
interface Runs {
  readonly name: string;
  readonly images: readonly string[];
}

/**
 * Refuses a stack that doesn't know the digest of an image that it runs: a tag can become another program.
 * @throws {pulumi.RunError} that names all of them, each with the command that sets it
 */
export function requireImages(all: readonly Runs[], digests: Digests): void {
  const askers = new Map<string, string[]>();
  for (const { name, images } of all)
    for (const image of images)
      if (!image.includes("@") && !Object.hasOwn(digests, image))
        askers.set(image, [...(askers.get(image) ?? []), name]);
  if (askers.size === 0) return;
  throw operatorFault(
    [
      "The stack doesn't know which images it runs; nothing was changed. Set the digest of each, which stays until you set another:",
      ...[...askers].map(([image, by]) => `  ${pinCommand(image)}  # for ${[...new Set(by)].join(", ")}`),
    ].join("\n"),
  );
}

function pinCommand(image: string): string {
  return `pulumi config set --path ${shellWord(`holdfast:images["${image}"]`)} "$(skopeo inspect --format '{{.Digest}}' ${shellWord(`docker://${image}`)})"`;
}

/** An image that can't become another one. */
export function pinned(image: string, digests: Digests): string {
  const digest = digests[image];
  return image.includes("@") || digest === undefined ? image : `${image}@${digest}`;
}

/** A pod of such images. */
export function pinnedPod(pod: DumpPod, digests: Digests): DumpPod {
  return {
    ...pod,
    runnerImage: pinned(pod.runnerImage, digests),
    client: { ...pod.client, image: pinned(pod.client.image, digests) },
  };
}
