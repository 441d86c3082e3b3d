import { allAlerts } from "../../alerts/alert";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { alertExample, example, mended } from "../examples";

export const neverLeavesSite = defineCheck({
  code: "alerts/never-leaves-site",
  severity: "error",
  title: "A critical alert reaches nobody when the site is gone",
  why: "A channel that is served from the same site is silent when the site has no power. The alert that matters most is the one that can't be sent.",
  run: plan => {
    const { receivers } = plan.estate;
    const reaches = Object.keys(receivers).filter(name => receivers[name]?.outOfSite);
    const bySubject = new Map<string, { name: string; receiver: string }[]>();
    for (const { severity, receiver, name, of, origin } of allAlerts(plan))
      if (
        severity === "critical" &&
        receiver !== undefined &&
        origin !== "absence" &&
        !reaches.includes(receiver)
      )
        bySubject.set(of, [...(bySubject.get(of) ?? []), { name, receiver }]);
    return [...bySubject].map(([subject, alerts]) => ({
      subject,
      message: `Of ${subject}, ${alerts.map(({ name }) => name).join(", ")} ${alerts.length === 1 ? "is" : "are"} critical and ${alerts.length === 1 ? "goes" : "go"} to ${alerts[0]?.receiver ?? ""} alone, which dies with the site.`,
      fix:
        reaches.length > 0
          ? `Send critical alerts of ${subject} to ${reaches.map(name => `"${name}"`).join(" or ")}.`
          : "Add a receiver that a message still reaches when the site is gone, and send critical alerts there.",
      evidence: {
        alerts: alerts.map(({ name }) => name),
        receiver: alerts[0]?.receiver ?? "",
        outOfSite: reaches,
      },
    }));
  },
  examples: {
    bad: [
      mended(
        example("a chat server in the cellar", ({ receivers }) => {
          Object.assign(receivers["infra"] ?? {}, { outOfSite: false });
        }),
        {
          says: "Add a receiver",
          edit: ({ receivers, layers }) => {
            receivers["phone"] = {
              ...{ kind: "telegram", chat: 4711 },
              botTokenSecret: { name: "telegram", key: "token" },
            };
            edit(layers["offsite-sync"][0], { alert: { severity: "critical", receiver: "phone" } });
          },
        },
      ),
      mended(
        example("a critical job that goes to the chat in the cellar, though there is another", estate => {
          const [to, from] = ["cellar@house.example", "alerts@house.example"];
          estate.receivers["cellar"] = {
            ...{ kind: "email", to, from, smarthost: "mail.house.example:587" },
            outOfSite: false,
          };
          const [offsite] = estate.layers["offsite-sync"];
          if (offsite) offsite.alert = { severity: "critical", receiver: "cellar" };
          // What may stay there: without it, nothing goes there once the critical ones don't.
          edit(estate.layers["nfs-mirror"][0], { alert: { receiver: "cellar" } });
        }),
        {
          says: 'Send critical alerts of offsite-sync-backup to "infra"',
          edit: ({ layers }) =>
            edit(layers["offsite-sync"][0], { alert: { severity: "critical", receiver: "infra" } }),
        },
      ),
    ],
    good: [
      example("a channel outside"),
      alertExample(
        "a warning may stay on its site",
        'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < 15',
      ),
    ],
  },
});
