import type { Plan } from "../../plan";
import { layerGiving } from "../../plan/layers";
import { defineCheck, type Found } from "../check";
import { exampleEstate } from "../../plan/estate/example";
import { example, mended } from "../examples";
import { counted } from "../wording";
import { exampleKey } from "../../plan/estate/example-keys";

export const usedByNothing = defineCheck({
  code: "estate/used-by-nothing",
  severity: "warning",
  title: "A NAS, a firewall or a receiver is declared, and nothing uses it",
  why: "Who reads the estate sees a second NAS and counts on it. No job writes to it, and no loss counts it; a firewall that nothing copies is typed in anew after a fire. Who is declared to be woken, and hears of no alert, sleeps on.",
  run: plan => [...idleDestinations(plan), ...idleFirewalls(plan), ...idleReceivers(plan)],
  examples: {
    bad: [
      mended(
        example("a second NAS that no job writes to", ({ destinations }) => {
          const { nas } = exampleEstate().destinations;
          if (nas)
            destinations["second"] = {
              ...nas,
              address: "second.example",
              hostKey: exampleKey("Second"),
            };
        }),
        {
          says: "or remove destinations.second",
          edit: ({ destinations }) => Reflect.deleteProperty(destinations, "second"),
        },
      ),
      mended(
        example("a second firewall without a backup", ({ firewalls }) => {
          const { pfsense } = exampleEstate().firewalls;
          if (pfsense)
            firewalls["branch"] = {
              ...{ ...pfsense, address: "branch.example" },
              ssh: { ...pfsense.ssh, hostKey: exampleKey("Branch") },
            };
        }),
        {
          says: "or remove firewalls.branch",
          edit: ({ firewalls }) => Reflect.deleteProperty(firewalls, "branch"),
        },
      ),
      mended(
        example("a receiver that no alert goes to", ({ receivers }) => {
          if (receivers)
            receivers["night"] = {
              ...{ kind: "slack", channel: "#night", webhookSecret: { name: "slack", key: "night" } },
            };
        }),
        {
          says: "or remove receivers.night",
          edit: ({ receivers }) => Reflect.deleteProperty(receivers ?? {}, "night"),
        },
      ),
    ],
    good: [example("a NAS and a firewall that jobs know")],
  },
});

/** A link to it, or a secret, makes no copy. */
function idleDestinations({ estate, jobs }: Plan): Found[] {
  return Object.keys(estate.destinations)
    .filter(
      name =>
        !jobs.some(
          ({ runsOn, flows }) =>
            (runsOn.kind === "destination" && runsOn.name === name) ||
            flows.some(({ target: { machine } }) => machine.kind === "destination" && machine.name === name),
        ),
    )
    .map(name => ({
      subject: name,
      message: `${name} is a destination of the estate, and no job writes to it: it holds 0 copies of ${estate.name}.`,
      fix: `Let a part of layers["${layerGiving("a copy off the site")}"] send to it: destination: "${name}", or remove destinations.${name}.`,
      evidence: { destination: name },
    }));
}

function idleFirewalls({ estate, datasets, jobs }: Plan): Found[] {
  const copied = new Set(
    jobs.flatMap(({ owned = [] }) => owned.flatMap(({ kind, of }) => (kind === "device" ? [of] : []))),
  );
  const owned = new Set(
    datasets.flatMap(({ location: { machine } }) => (machine.kind === "firewall" ? [machine.name] : [])),
  );
  return Object.keys(estate.firewalls)
    .filter(name => !copied.has(name) && !owned.has(name))
    .map(name => ({
      subject: name,
      message: `${name} is a firewall of the estate, no service has it as its data and no job copies it: 0 copies of its configuration are made.`,
      fix: `Add it to firewalls of ${layerGiving("a firewall's backup")}, and a service: services["${name}"] = { data: [{ kind: "device", firewall: "${name}", size: "20MB" }] } with a promise; or remove firewalls.${name}.`,
      evidence: { firewall: name },
    }));
}

function idleReceivers({ estate, jobs }: Plan): Found[] {
  const told = new Set([
    ...jobs.map(({ judged }) => judged.receiver),
    ...estate.monitoring.alerts.map(({ receiver }) => receiver),
  ]);
  return Object.keys(estate.receivers)
    .filter(name => !told.has(name))
    .map(name => ({
      subject: name,
      message: `${name} is a receiver of the estate, and no alert of ${counted(jobs.length, "job")} goes to it: whoever is behind it hears of nothing.`,
      fix: `Write alert: { receiver: "${name}" } where it is to hear of a job, or remove receivers.${name}.`,
      evidence: { receiver: name },
    }));
}
