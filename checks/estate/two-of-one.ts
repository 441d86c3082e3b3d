import type { Plan } from "../../plan";
import { type Dataset, eachDatasetOf } from "../../plan/datasets";
import type { Receiver } from "../../plan/estate/receivers";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed, placeText } from "../wording";
import { exampleKey } from "../../plan/estate/example-keys";

export const twoOfOne = defineCheck({
  code: "estate/two-of-one",
  severity: "error",
  title: "Two parts of the estate say that one thing is theirs",
  why: "A host that was copied and pasted keeps the address, the key or the disk of the first: a deployment to the one changes the other, and a loss that is counted for both happens once. Two services in one folder are one, two dumps in one folder delete each other's, and two jobs with one metric hide each other's silence.",
  run: plan => {
    const first = new Map<string, Claim>();
    const shared = new Map<Claim, Claim[]>();
    for (const claim of claimsOf(plan)) {
      const key = `${claim.thing} ${claim.value}`;
      const one = first.get(key);
      if (!one) first.set(key, claim);
      else if (one.who !== claim.who) shared.set(one, [...(shared.get(one) ?? []), claim]);
    }
    return [...shared].map(([one, others]) => finding(one, others));
  },
  examples: {
    bad: [
      mended(
        example("two services in one folder", ({ services }) => {
          services.library = {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books", size: "1GB" }],
            promise: { rpo: { site: "33h" } },
          };
        }),
        {
          says: "or remove one of the two",
          edit: ({ services }) => Reflect.deleteProperty(services, "library"),
        },
        {
          says: "Correct services.library.data",
          edit: ({ services }) => edit(services.library?.data[0], { path: "/srv/nfs/library" }),
        },
      ),
      mended(
        example("two disks with the file system of one", ({ hosts }) =>
          edit(hosts.pve?.filesystems["/mnt/backup"], { fsUuid: "11111111-1111-4111-8111-111111111111" }),
        ),
        {
          says: 'Correct hosts.pve.filesystems["/mnt/backup"].fsUuid',
          edit: ({ hosts }) =>
            edit(hosts.pve?.filesystems["/mnt/backup"], { fsUuid: "22222222-2222-4222-8222-222222222222" }),
        },
      ),
      mended(
        example("a NAS with the host's key", ({ destinations, hosts }) =>
          edit(destinations.nas, { hostKey: hosts.pve?.ssh.hostKey ?? "" }),
        ),
        {
          says: "Correct destinations.nas.hostKey",
          edit: ({ destinations }) => edit(destinations.nas, { hostKey: exampleKey("Nas") }),
        },
      ),
      mended(
        example("one receiver's webhook for another's channel", ({ receivers, layers }) => {
          const webhookSecret = { name: "slack", key: "infra" };
          edit(receivers["infra"], { webhookSecret } as object);
          receivers["night"] = {
            ...{ kind: "slack", channel: "#night" },
            webhookSecret: { ...webhookSecret },
          };
          edit(layers["nfs-mirror"][0], { alert: { receiver: "night" } });
        }),
        {
          says: "Correct receivers.night.webhookSecret",
          edit: ({ receivers }) => {
            if (receivers["night"]?.kind === "slack") receivers["night"].webhookSecret.key = "night";
          },
        },
      ),
    ],
    good: [
      example("each thing once"),
      example("a firewall's API by a name of its own", ({ firewalls }) =>
        edit(firewalls.pfsense?.api, { url: "https://pfsense-api.example" }),
      ),
    ],
  },
});

/** Something that can be one's alone. */
interface Claim {
  /** What kind of thing, in words: "the address". */
  readonly thing: string;
  readonly value: string;
  readonly who: string;
  readonly harm: string;
  /** Field to look at, as in the estate. */
  readonly field: string;
}

function claimsOf(plan: Plan): Claim[] {
  return [
    ...ofMachines(plan),
    ...ofReceivers(plan),
    ...ofSecrets(plan),
    ...ofApis(plan),
    ...ofLinks(plan),
    ...eachDatasetOf(plan.estate).flatMap(ofDataset),
    ...ofJobs(plan),
  ];
}

function ofMachines({ estate: { hosts, destinations, clusters, firewalls } }: Plan): Claim[] {
  const reached = (who: string, field: string, address: string, port: number): Claim => ({
    thing: "the SSH address",
    value: `${address.toLowerCase()}:${port}`,
    harm: "whoever goes to the one comes to the other",
    ...{ who, field },
  });
  const pinned = (who: string, field: string, key: string | undefined): Claim[] =>
    key === undefined
      ? []
      : [
          {
            thing: "the SSH host key",
            value: key.split(" ").slice(0, 2).join(" "),
            harm: "no connection can tell the one from the other",
            ...{ who, field },
          },
        ];
  return [
    ...Object.entries(hosts).flatMap(([name, { address, ssh, filesystems }]) => [
      reached(`host ${name}`, `hosts.${name}.address`, address, ssh.port),
      ...pinned(`host ${name}`, `hosts.${name}.ssh.hostKey`, ssh.hostKey),
      ...Object.entries(filesystems).map(([mount, { fsUuid }]) => ({
        thing: "the file system",
        value: fsUuid.toLowerCase(),
        who: `${name}:${mount}`,
        harm: "a job that writes to the one may fill the other, and copies of one disk are counted on two",
        field: `hosts.${name}.filesystems["${mount}"].fsUuid`,
      })),
    ]),
    ...Object.entries(destinations).flatMap(([name, { address, hostKey }]) => [
      reached(`destination ${name}`, `destinations.${name}.address`, address, 22),
      ...pinned(`destination ${name}`, `destinations.${name}.hostKey`, hostKey),
    ]),
    ...Object.entries(firewalls).flatMap(([name, { address, ssh }]) => [
      reached(`firewall ${name}`, `firewalls.${name}.address`, address, ssh.port),
      ...pinned(`firewall ${name}`, `firewalls.${name}.ssh.hostKey`, ssh.hostKey),
    ]),
    ...Object.entries(clusters).flatMap(([name, { api, reachedAs }]) =>
      [...(api === undefined ? [] : [api]), ...reachedAs].map(url => ({
        thing: "the API",
        value: new URL(url).href,
        who: `cluster ${name}`,
        harm: "volumes of the one would be asked for in the other",
        field: `clusters.${name}.api`,
      })),
    ),
  ];
}

/** Two receivers are there so that different people hear of different things. */
function ofReceivers({ estate }: Plan): Claim[] {
  const receivers = Object.entries(estate.receivers);
  return receivers.flatMap(([name, receiver]) => {
    const { thing, value, field } = addressOf(receiver);
    const who = `receiver ${name}`;
    const harm =
      "what is to wake somebody comes where the rest comes, and nothing tells the one from the other";
    const webhook = receiver.kind === "slack" ? receiver.webhookSecret : undefined;
    // One webhook may serve several channels, if it isn't called after one of them.
    const isCalled = webhook !== undefined && receivers.some(([other]) => other === webhook.key);
    return [
      { thing, value, who, field: `receivers.${name}.${field}`, harm },
      ...(isCalled
        ? [
            {
              thing: "the webhook",
              value: inSecret(webhook),
              who,
              field: `receivers.${name}.webhookSecret`,
              harm,
            },
          ]
        : []),
    ];
  });
}

/**
 * What opens one kind of receiver is nothing to another, and what is called while all is well is nobody's to read. One token may write to
 * several chats, and one webhook to several channels.
 */
function ofSecrets({ estate: { receivers, monitoring } }: Plan): Claim[] {
  const first = new Map<string, string>();
  const harm = "each message of the one goes to the other, or is refused";
  const secrets = [
    ...Object.entries(receivers).flatMap(([name, receiver]) =>
      Object.entries(receiver).flatMap(([field, value]) =>
        typeof value === "object"
          ? [{ kind: receiver.kind, who: `receiver ${name}`, field: `receivers.${name}.${field}`, value }]
          : [],
      ),
    ),
    ...(monitoring.deadMan
      ? [
          {
            ...{ kind: "deadMan", who: "monitoring.deadMan", field: "monitoring.deadMan.urlSecret" },
            value: monitoring.deadMan.urlSecret,
          },
        ]
      : []),
  ];
  return secrets.flatMap(({ kind, who, field, value }) => {
    const secret = inSecret(value);
    const before = first.get(secret);
    if (before === undefined) first.set(secret, kind);
    return before === undefined || before !== kind
      ? [{ thing: "the secret", value: secret, who, field, harm }]
      : [];
  });
}

function inSecret({ name, key }: { readonly name: string; readonly key: string }): string {
  return `${key} of Secret ${name}`;
}

/** Where a receiver's messages come out; of an address that is a secret, which secret it is. */
function addressOf(receiver: Receiver): { thing: string; value: string; field: string } {
  switch (receiver.kind) {
    case "slack":
      return { thing: "the channel", value: receiver.channel, field: "channel" };
    case "email":
      return { thing: "the mailbox", value: receiver.to.toLowerCase(), field: "to" };
    case "webhook":
      return { thing: "the address", value: inSecret(receiver.urlSecret), field: "urlSecret" };
    case "telegram":
      return { thing: "the chat", value: `${receiver.chat}`, field: "chat" };
    case "pagerduty":
      return {
        thing: "the integration key",
        value: inSecret(receiver.routingKeySecret),
        field: "routingKeySecret",
      };
    default:
      return receiver satisfies never;
  }
}

/** A firewall's API leads to no other machine, and to no other firewall. */
function ofApis({ estate: { firewalls, hosts, destinations } }: Plan): Claim[] {
  const machines = [...Object.entries(hosts), ...Object.entries(destinations)];
  const asUrl = (address: string): string => address.toLowerCase();
  const harm = "the backup of the one would be asked of the other";
  const apis = Object.entries(firewalls).flatMap(([name, { address, api }]) =>
    api.url === undefined
      ? []
      : [{ name, host: new URL(api.url).host, hostname: new URL(api.url).hostname, own: asUrl(address) }],
  );
  return [
    ...machines.flatMap(([name, { address }]) =>
      apis
        .filter(({ hostname, own }) => hostname === asUrl(address) && own !== hostname)
        .map(({ hostname }) => ({
          ...{ thing: "the address", value: hostname, who: name, harm, field: `${name}'s address` },
        })),
    ),
    ...apis.flatMap(({ name, host, hostname, own }) => [
      {
        thing: "the REST API",
        value: host,
        who: `firewall ${name}`,
        harm,
        field: `firewalls.${name}.api.url`,
      },
      ...(own === hostname
        ? []
        : [
            {
              ...{ thing: "the address", value: hostname, who: `firewall ${name}`, harm },
              field: `firewalls.${name}.api.url`,
            },
          ]),
    ]),
  ];
}

function ofLinks({ estate }: Plan): Claim[] {
  return estate.links.map(({ from, to }, index) => ({
    thing: "the link",
    value: `${from} to ${to}`,
    who: `links[${index}]`,
    harm: "how fast it is is said twice",
    field: `links[${index}]`,
  }));
}

/** Volumes of one claim, trees of one path; a database may lie in a volume that another dataset tells of. */
function ofDataset({ id, kind, service, location }: Dataset): Claim[] {
  return [
    {
      thing: `the ${kind}`,
      value: placeText(location),
      who: id,
      harm: "its bytes are counted twice, and a restore of the one overwrites the other",
      field: `services.${service}.data`,
    },
  ];
}

function ofJobs({ jobs }: Plan): Claim[] {
  return jobs.flatMap(job => [
    {
      thing: "the series of metrics",
      value: `{job="${job.metricsJob}",instance="${job.host}"}`,
      who: `${job.name} on ${job.runsOn.kind} ${job.host}`,
      harm: "the one's success hides the other's silence",
      field: "its name",
    },
    ...job.deletes
      .filter(({ scope }) => scope === "own-generations")
      .map(({ location }) => ({
        thing: "the folder",
        value: placeText(location),
        who: `${job.name} on ${job.runsOn.kind} ${job.host}`,
        harm: "each takes the other's old copies for its own and deletes them",
        field: "its target",
      })),
  ]);
}

/** One for each thing: of ten hosts that were pasted, each pair tells the same. */
function finding(one: Claim, others: readonly Claim[]): Found {
  const [second = one] = others;
  const { thing, value, harm } = second;
  const who = [...new Set([one, ...others].map(claim => claim.who))];
  const fields = [...new Set([one, ...others].map(fieldText))];
  const two = who.length === 2;
  return {
    subject: second.who.replace(/^(host|destination|firewall|cluster|receiver) /, "").replace(/ on .*$/, ""),
    message: two
      ? `${second.who} and ${one.who} both have ${thing} ${value}: ${harm}.`
      : `${listed(who)} all have ${thing} ${value}: ${harm}.`,
    fix: two
      ? `Correct ${fieldText(second)}${one.field.startsWith("its ") ? "" : ` or ${one.field}`}, or remove one of the two if they are one.`
      : `Correct ${listed(fields)}, so that each has one of its own, or remove all but one if they are one.`,
    evidence: {
      thing,
      value,
      one: one.who,
      other: second.who,
      // Who is no name but a part of the estate has no other place.
      ...(second.field.startsWith(`${second.who}.`) && { where: second.field }),
      ...(two ? {} : { others: who.slice(2) }),
    },
  };
}

function fieldText({ field, who }: Claim): string {
  return field.startsWith("its ") ? `the ${field.slice("its ".length)} of ${who}` : field;
}
