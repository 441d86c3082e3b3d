import { defineCheck } from "../check";
import { example, mended } from "../examples";
import { deviceOf, fallingShort } from "../protection";
import { placeText } from "../wording";
import { exampleKey } from "../../plan/estate/example-keys";

export const threeTwoOne = defineCheck({
  code: "promises/three-two-one",
  severity: "error",
  title: "A dataset exists fewer than three times",
  why: "Three copies, two devices, one off site: with two, the disaster that takes one leaves no second try for the restore. Devices and the off-site copy have checks of their own (promises/single-medium, routes/no-route-off-site); a medium counts as a device that fails alone, whatever a document calls it.",
  run: plan =>
    fallingShort(plan, "three-two-one").map(({ dataset, copies }) => {
      const paths = [dataset.location, ...copies.map(copy => copy.location)].map(placeText);
      const devices = new Set([dataset.location, ...copies.map(copy => copy.location)].map(deviceOf));
      return {
        subject: dataset.id,
        message: `${dataset.id} exists ${paths.length} times (${paths.join(", ")}), on ${devices.size} devices; three are the rule.`,
        fix: `Let one more job carry ${dataset.id}, or snapshot the share that holds the copy.`,
        evidence: { copies: paths.length, devices: devices.size, paths },
      };
    }),
  examples: {
    bad: [
      mended(
        example("a branch office's firewall with one copy", ({ firewalls, services, layers }) => {
          firewalls.branch = {
            kind: "pfsense",
            site: "branch",
            address: "branch.example",
            api: { secret: "pfsense-key" },
            ssh: { hostKey: exampleKey("Branch"), secret: "pfsense-ssh-key" },
          };
          services.branch = {
            data: [{ kind: "device", firewall: "branch" }],
            promise: { rpo: { site: "33h" } },
          };
          layers["daily-backup"][0]?.firewalls?.push({ name: "branch", keep: { count: 4, every: "week" } });
          layers["nfs-mirror"][0]?.keep?.push({ name: "branch", reason: "written by daily-backup" });
          const [leg] = layers["offsite-sync"][0]?.legs ?? [];
          if (leg) leg.excludes = [{ name: "branch", reason: "kept at home alone" }];
        }),
        {
          says: "one more job carry branch",
          edit: ({ layers }) => {
            delete layers["offsite-sync"][0]?.legs[0]?.excludes;
          },
        },
      ),
    ],
    good: [example("a live copy, one on another disk, one at another site")],
  },
});
