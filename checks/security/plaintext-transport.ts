import { siteOf } from "../../plan/graph/survival";
import { staysOnMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const plaintextTransport = defineCheck({
  code: "security/plaintext-transport",
  severity: "error",
  title: "Copies go to another site in the clear",
  why: "Databases, mail and keys pass networks of others. FTP shows the password too, so it is told of inside of a site as well.",
  run: plan =>
    Object.entries(plan.estate.destinations).flatMap(([name, { transport, site }]) => {
      if (transport === "ssh") return [];
      const senders = plan.jobs.filter(
        job =>
          job.runsOn.kind !== "destination" &&
          job.flows.some(
            flow =>
              flow.target.machine.kind === "destination" &&
              flow.target.machine.name === name &&
              !staysOnMachine(flow),
          ),
      );
      const abroad = senders.filter(
        job => siteOf({ machine: job.runsOn, path: "/" }, plan.estate) !== site || transport === "ftp",
      );
      if (abroad.length === 0) return [];
      const jobs = abroad.map(job => `${job.name} on ${job.host}`);
      return [
        {
          subject: name,
          message: `${jobs.join(", ")} writes to ${name} at site ${site} over ${transport}, unencrypted.`,
          fix: `Set destinations.${name}.transport to "ssh", and pin its host key.`,
          evidence: { transport, site, jobs },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("NFS over the internet", ({ destinations }) => edit(destinations.nas, { transport: "nfs" })),
        {
          says: 'destinations.nas.transport to "ssh"',
          edit: ({ destinations }) => edit(destinations.nas, { transport: "ssh" }),
        },
      ),
      mended(
        example("FTP", ({ destinations }) => edit(destinations.nas, { transport: "ftp" })),
        {
          says: 'destinations.nas.transport to "ssh"',
          edit: ({ destinations }) => edit(destinations.nas, { transport: "ssh" }),
        },
      ),
    ],
    good: [example("SSH")],
  },
});
