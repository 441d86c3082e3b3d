import { allAlerts } from "../../alerts/alert";
import { routesOf } from "../../alerts/routes";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { alertExample, mended } from "../examples";

export const unrouted = defineCheck({
  code: "alerts/unrouted",
  severity: "error",
  title: "An alert fires, and nobody hears of it",
  why: "Alertmanager drops what no route carries into the default receiver, or into none. The alert is red in a page that nobody has open.",
  run: plan => {
    const { route } = routesOf(plan.estate);
    const carried = new Set(
      route.routes.flatMap(({ receiver, matchers }) =>
        matchers
          .filter(({ name }) => name === "receiver")
          .map(({ value }) => (value === receiver ? value : "")),
      ),
    );
    return allAlerts(plan)
      .filter(
        ({ receiver, origin }) => origin !== "absence" && (receiver === undefined || !carried.has(receiver)),
      )
      .map(({ name, receiver }) => ({
        subject: name,
        message:
          receiver === undefined
            ? `${name} has no receiver: nobody hears of it.`
            : `${name} goes to ${receiver}, which no route carries.`,
        fix: `Add receiver: ${[...carried].map(text => `"${text}"`).join(" or ")}.`,
        evidence: { receiver: receiver ?? "none", known: [...carried] },
      }));
  },
  examples: {
    bad: [
      mended(
        alertExample(
          "an alert without a receiver",
          'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15',
          {
            receiver: undefined,
          },
        ),
        {
          says: 'Add receiver: "infra"',
          edit: ({ monitoring }) => edit(monitoring.alerts?.[1], { receiver: "infra" }),
        },
      ),
    ],
    good: [alertExample("an alert with one", 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15')],
  },
});
