import { nfsMirrorJobName } from "../../contracts/nfs-mirror";
import type { Layer } from "../layer";
import { nfsMirrorJob } from "./jobs";
import { nfsMirrorSpec } from "./spec";

/** A tree of services on a host, mirrored each night to the same host's backup disk. */
export const nfsMirror: Layer<"nfs-mirror", typeof nfsMirrorSpec> = {
  name: "nfs-mirror",
  spec: nfsMirrorSpec,
  runs: part => [{ ...part, job: nfsMirrorJobName, at: [] }],
  references({ host, source, target }, at, look) {
    look.mount([...at, "source"], host, source);
    look.mount([...at, "target"], host, target);
  },
  jobs: (part, estate) => [nfsMirrorJob(part, estate)],
};
