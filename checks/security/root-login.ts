import { staysOnMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const rootLogin = defineCheck({
  code: "security/root-login",
  severity: "error",
  title: "Jobs log in to a destination as root",
  why: "Root on the NAS deletes its snapshots: the one copy that is out of the hosts' reach is in their reach again.",
  run: plan =>
    Object.entries(plan.estate.destinations)
      .filter(([, { user }]) => user === "root")
      .map(([name]) => {
        const jobs = plan.jobs
          .filter(job => job.flows.some(flow => flow.target.machine.name === name && !staysOnMachine(flow)))
          .map(job => `${job.name} on ${job.host}`);
        return {
          subject: name,
          message: `${jobs.join(", ") || "A restore"} logs in to ${name} as root, and can delete its snapshots.`,
          fix: `Make an account that may write to its share alone, and set destinations.${name}.user to it.`,
          evidence: { user: "root", jobs },
        };
      }),
  examples: {
    bad: [
      mended(
        example("a NAS entered as root", ({ destinations }) => edit(destinations.nas, { user: "root" })),
        {
          says: "set destinations.nas.user",
          edit: ({ destinations }) => edit(destinations.nas, { user: "sync" }),
        },
      ),
    ],
    good: [example("a NAS entered by an account of its own")],
  },
});
