import type { Plan } from "../../plan";
import { addTo } from "../../plan/add-to";
import { nearest } from "../../plan/contracts/near";
import { exceptVolumes } from "../../plan/estate/except-volumes";
import type { Estate } from "../../plan/estate/schema";
import type { Job, Location } from "../../plan/job";
import { isBelow, machineKey, sameMachine, staysOnMachine } from "../../plan/layers/places";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { legsOf } from "../legs";
import { fieldOf, type Said, write } from "../said";
import { listed, placeText } from "../wording";
import { exampleKey } from "../../plan/estate/example-keys";

const secondNas = { address: "second.example", hostKey: exampleKey("Second") };
const leftOut = { reason: "not for now, to be seen", owner: "viktor", expires: "2027-06-30" };

export const readsNothing = defineCheck({
  code: "estate/reads-nothing",
  severity: "error",
  title: "A job is told to copy what the estate doesn't have",
  why: "A leg with its ends swapped, or with a letter too few, sends an empty folder each night and succeeds. And of a host's configuration just that is copied which a service calls its own: without the service, the part stands there and copies nothing.",
  run: plan => [
    ...emptyLegs(plan).map(({ job: { called, host }, from, to, said, meant }): Found => {
      const turned = meant && meant.from === to;
      const [source, target] = [fieldOf(said.source), fieldOf(said.target)];
      return {
        subject: called,
        message: `${called} sends ${placeText(from)} to ${to}, and nothing of the estate lies there: no byte of any service leaves ${host} by that leg.`,
        fix: turned
          ? `Swap ${source} and ${target} of that leg: ${source}: "${meant.from}", ${target}: "${meant.to}".`
          : meant
            ? `Write "${meant.from}" for "${from.path}" in its legs.`
            : `Correct ${source}: "${from.path}" of that leg, tell what lies there as the data of a service, or remove the leg.`,
        evidence: { from: placeText(from), to },
      };
    }),
    ...withoutConfiguration(plan),
    ...withoutDevice(plan),
    ...withoutData(plan),
  ],
  without: (plan, { subject }) => {
    const legs = emptyLegs(plan);
    if (!legs.some(({ job, meant }) => meant && job.called === subject)) return [];
    const estate = structuredClone(plan.estate);
    for (const { said, meant } of legs)
      if (meant) {
        write(estate, said.source, meant.from);
        write(estate, said.target, meant.to);
      }
    return [estate];
  },
  // Of a disk with a leg of its own, nothing leaves by one that starts elsewhere.
  gathers: ({ evidence: { to } }, { code }) => to !== undefined && code === "routes/disk-stays",
  examples: {
    bad: [
      mended(
        example("a leg whose ends are swapped", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.legs[1], { from: "/Backup/nfs/photos", to: "/srv/nfs/photos" }),
        ),
        {
          says: 'Swap from and to of that leg: from: "/srv/nfs/photos", to: "/Backup/nfs/photos"',
          edit: ({ layers }) =>
            edit(layers["offsite-sync"][0]?.legs[1], { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" }),
        },
      ),
      mended(
        example("a leg with a letter too few", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.legs[0], { from: "/mnt/backp" }),
        ),
        {
          says: 'Write "/mnt/backup" for "/mnt/backp"',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[0], { from: "/mnt/backup" }),
        },
      ),
      mended(
        example("generations of a configuration that no service has", ({ services }) =>
          Reflect.deleteProperty(services, "pve-host"),
        ),
        {
          says: 'data: [{ kind: "configuration", host: "pve", paths: ["/etc/pve"]',
          edit: ({ services }) => {
            services["pve-host"] = {
              data: [{ kind: "configuration", host: "pve", paths: ["/etc/pve"], size: "50MB" }],
              promise: { rpo: { host: "33h" } },
            };
          },
        },
        {
          says: "or remove configuration of daily-backup",
          edit: ({ layers }) => Reflect.deleteProperty(layers["daily-backup"][0] ?? {}, "configuration"),
        },
      ),
      mended(
        example("generations of a firewall that no service has", ({ services }) =>
          Reflect.deleteProperty(services, "pfsense"),
        ),
        {
          says: 'data: [{ kind: "device", firewall: "pfsense"',
          edit: ({ services }) => {
            services.pfsense = {
              data: [{ kind: "device", firewall: "pfsense", size: "20MB" }],
              promise: { rpo: { site: "33h" } },
            };
          },
        },
        {
          says: "or remove pfsense from firewalls of daily-backup and of the estate",
          edit: ({ layers, firewalls, secrets }) => {
            Reflect.deleteProperty(firewalls, "pfsense");
            for (const own of ["pfsense-key", "pfsense-ssh-key"]) Reflect.deleteProperty(secrets, own);
            layers["daily-backup"][0]?.firewalls?.pop();
            edit(layers["offsite-sync"][0]?.schedule, { after: ["daily-backup"] });
          },
        },
      ),
      mended(
        example("snapshots of a share that nothing is written to", ({ destinations, layers }) => {
          const [snapshots] = layers["nas-snapshots"];
          if (destinations.nas) destinations.second = { ...destinations.nas, ...secondNas };
          if (snapshots)
            layers["nas-snapshots"].push({ ...snapshots, destination: "second", watch: undefined });
        }),
        {
          says: 'remove nas-snapshots@second from layers["nas-snapshots"], and second from destinations',
          edit: ({ layers, destinations }) => {
            layers["nas-snapshots"].pop();
            Reflect.deleteProperty(destinations, "second");
          },
        },
      ),
    ],
    good: [
      example("legs from where data and copies lie"),
      example("a mirror of what is left out for now", ({ services }) =>
        edit(services.books?.data[0], { unprotected: leftOut }),
      ),
    ],
  },
});

interface EmptyLeg {
  readonly job: Job;
  readonly from: Location;
  readonly to: string;
  readonly said: Said;
  /** How it was meant, where that is near. */
  readonly meant?: { readonly from: string; readonly to: string };
}

/** Legs that start where no dataset lies and no job writes. */
function emptyLegs(plan: Plan): EmptyLeg[] {
  const places = addressed(plan);
  return plan.jobs.flatMap(job => {
    const legs = legsOf(job);
    // All but a few jobs have none, and places are thousands.
    const lies = legs.length === 0 ? [] : (places.get(machineKey(job.runsOn)) ?? []);
    const isThere = (path: string): boolean =>
      lies.some(other => isBelow(other, path) || isBelow(path, other));
    return legs.flatMap(({ from, to, said }): EmptyLeg[] => {
      if (isThere(from.path)) return [];
      const near = nearest(from.path, [
        ...Object.keys(plan.estate.hosts[job.host]?.filesystems ?? {}),
        ...lies,
      ]).find(isThere);
      const meant = isThere(to)
        ? { from: to, to: from.path }
        : near === undefined
          ? undefined
          : { from: near, to };
      return [{ job, from, to, said, ...(meant ? { meant } : {}) }];
    });
  });
}

/** Paths at which data and copies lie, by the machine that they are on. */
function addressed({ datasets, jobs }: Plan): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  const locations = [
    ...datasets.map(({ location }) => location),
    ...jobs.flatMap(({ flows }) => flows.map(({ target }) => target)),
  ];
  for (const { machine, path } of locations) addTo(paths, machineKey(machine), path);
  return paths;
}

function withoutConfiguration({ estate, jobs }: Plan): Found[] {
  return toldToCopy(jobs, "configuration")
    .filter(({ of }) => !hasConfiguration(estate, of))
    .map(({ job, of: host }) => ({
      subject: job.called,
      message: `${job.called} keeps generations of ${host}'s configuration, and no service says what that is: no file of it is copied.`,
      fix: `Say it, e.g. services["${host}-host"] = { data: [{ kind: "configuration", host: "${host}", paths: ["/etc/pve"], size: "50MB" }] } with a promise, or remove configuration of ${job.layer}.`,
      evidence: { host },
    }));
}

/** A firewall's backup is of what a service calls its own, too. */
function withoutDevice({ estate, jobs }: Plan): Found[] {
  const owned = exceptVolumes(estate).flatMap(({ spec }) => (spec.kind === "device" ? [spec.firewall] : []));
  return toldToCopy(jobs, "device")
    .filter(({ of }) => !owned.includes(of))
    .map(({ job, of: name }) => ({
      // Its copies are made all the same.
      severity: "warning",
      subject: job.called,
      message: `${job.called} keeps generations of firewall ${name}, and no service has it as its data: nothing says what its loss may be, no check asks for its copies, and lose doesn't know the way back.`,
      fix: `Say it, e.g. services["${name}"] = { data: [{ kind: "device", firewall: "${name}", size: "20MB" }] } with a promise, or remove ${name} from firewalls of ${job.layer} and of the estate.`,
      evidence: { host: job.host, firewall: name },
    }));
}

function toldToCopy(jobs: readonly Job[], kind: "configuration" | "device") {
  return jobs.flatMap(job =>
    (job.owned ?? []).filter(owned => owned.kind === kind).map(({ of }) => ({ job, of })),
  );
}

/** Jobs of a destination in whose folders nothing lies. A host's own may be there before its first service is. */
function withoutData(plan: Plan): Found[] {
  const busy = new Set(plan.copies.map(({ job }) => job));
  const legs = new Set(emptyLegs(plan).map(({ job }) => job));
  return plan.jobs
    .filter(
      job =>
        isOfDestination(job) &&
        // A share of another name, beside what is written there, is what promises/unreachable-from-host-root tells.
        !plan.copies.some(({ location }) =>
          job.flows.some(({ target }) => sameMachine(location.machine, target.machine)),
        ) &&
        job.flows.length > 0 &&
        !busy.has(job) &&
        !legs.has(job) &&
        job.flows.every(({ source }) => source.kind === "tree"),
    )
    .map(job => {
      const from = job.flows.flatMap(({ source }) =>
        source.kind === "tree" ? [placeText(source.location)] : [],
      );
      const [away] = job.flows.flatMap(({ source }) =>
        source.kind === "tree" && source.location.machine.kind === "destination"
          ? [source.location.machine.name]
          : [],
      );
      const destination =
        away === undefined ? "" : `, and ${away} from destinations where nothing else needs it`;
      return {
        subject: job.called,
        message: `${job.called} on ${job.host} copies ${listed(from)}, and no service has data there, nor does a job write a copy there: each run succeeds and keeps nothing.`,
        fix: `Tell what lies there as the data of a service, let a job write there, or remove ${job.called} from layers["${job.layer}"]${destination}.`,
        evidence: { from },
      };
    });
}

/** Whether all that it copies stays on a destination, whoever looks after it. */
function isOfDestination({ flows }: Job): boolean {
  return flows.every(flow => flow.target.machine.kind === "destination" && staysOnMachine(flow));
}

function hasConfiguration({ services }: Estate, host: string): boolean {
  return Object.values(services).some(({ data }) =>
    data.some(dataset => dataset.kind === "configuration" && dataset.host === host),
  );
}
