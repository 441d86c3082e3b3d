import { effectiveStateJobName } from "../../contracts/effective-state";
import type { Layer } from "../layer";
import { effectiveStateJob } from "./jobs";
import { effectiveStateSpec } from "./spec";

/** What is in force on a host after a deployment, read back. */
export const effectiveState: Layer<"effective-state", typeof effectiveStateSpec> = {
  name: "effective-state",
  summary: "Looks at what is in force on a host, against what was deployed there",
  spec: effectiveStateSpec,
  gives: [],
  begins: ({ host, receiver }) => ({ host, alert: { receiver } }),
  runs: ({ host, schedule, alert }) => [{ job: effectiveStateJobName, at: [], host, schedule, alert }],
  references: () => undefined,
  jobs: (part, estate, before) => [effectiveStateJob(part, estate, before)],
};
