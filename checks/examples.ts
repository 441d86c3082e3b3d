import { type ExampleEstate, exampleWith } from "../plan/estate/example";
import type { Example } from "./check";

type Mirror = ExampleEstate["layers"]["nfs-mirror"][number];

/** The sound example estate with a change made to it, for a check's page and tests. */
export function example(name: string, change: (estate: ExampleEstate) => void = () => undefined): Example {
  return { name, estate: exampleWith(change) };
}

/** The sound example estate with some fields of its mirror replaced. */
export function mirrorExample(name: string, mirror: Partial<Mirror>): Example {
  return example(name, ({ layers }) => Object.assign(layers["nfs-mirror"][0] ?? {}, mirror));
}
