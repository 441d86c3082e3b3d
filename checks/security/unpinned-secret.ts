import type { Plan } from "../../plan";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { usersOfSecret } from "../secret-users";

export const unpinnedSecret = defineCheck({
  code: "security/unpinned-secret",
  severity: "error",
  title: "A secret is weak, shared or written in clear text",
  why: "Whoever guesses the password of the copies needs none for the originals.",
  run: plan =>
    Object.entries(plan.estate.secrets)
      .filter(([, { pinned }]) => !pinned)
      .map(([name]) => {
        const opens = openedBy(name, plan);
        return {
          subject: name,
          message: `${name} is marked as weak, shared or written in clear text, and opens ${opens.join(", ") || "nothing that the estate names"}.`,
          fix: `Replace it with a random one of its own, and set secrets.${name}.pinned to true.`,
          evidence: { opens },
        };
      }),
  examples: {
    bad: [
      mended(
        example("a password that is used elsewhere too", ({ secrets }) =>
          edit(secrets["nas-password"], { pinned: false }),
        ),
        {
          says: "set secrets.nas-password.pinned to true",
          edit: ({ secrets }) => edit(secrets["nas-password"], { pinned: true }),
        },
      ),
    ],
    good: [example("secrets of their own")],
  },
});

/** What asks for a secret, each once: machines and services, the Pushgateway, and jobs. Of what each job has, no job is told. */
function openedBy(secret: string, { estate, jobs }: Plan): string[] {
  const isPushed = estate.monitoring.pushgatewayLogin?.password === secret;
  const asking = jobs.filter(
    ({ credentials, deployment }) =>
      credentials.some(({ from }) => from.kind === "secret" && from.secret === secret) ||
      (deployment.kind === "cronjob" && deployment.pod.secret === secret),
  );
  const by = isPushed ? ["the Pushgateway"] : asking.map(({ name }) => `what ${name} asks`);
  const users = usersOfSecret(secret, estate);
  return users.length > 0 ? users : [...new Set(by)];
}
