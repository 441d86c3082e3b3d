import { isSlip, isTurned, wordsOf, wordSlipOf } from "../../plan/contracts/near";
import { officialMeant, portMeant } from "../../plan/contracts/usual-servers";
import { fieldText } from "../../plan/estate/faults";
import type { Estate } from "../../plan/estate/schema";
import type { Job } from "../../plan/job";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { legsOf } from "../legs";

export const letterApart = defineCheck({
  code: "estate/letter-apart",
  severity: "error",
  title: "Two names that are called after one another differ by a letter",
  why: "An address of which a digit is missing belongs to somebody in another country, a Secret with a letter too few is none, and then Alertmanager takes no configuration at all. The machine that would say so is asked at night, or when it is too late.",
  run: ({ estate, jobs }) => [
    ...strangers(estate),
    ...pairsOf("domain", domainsOf(estate)),
    ...ofApis(estate),
    ...ofDumps(estate),
    ...pairsOf("Secret", secretsOf(estate)),
    ...ofReceivers(estate),
    ...foldersOfDumps(jobs),
    ...foldersOfServices(estate),
    ...foldersOfLegs(jobs),
  ],
  examples: {
    bad: [
      mended(
        example("a NAS at an address of which a digit is missing", ({ hosts, destinations }) => {
          edit(hosts.pve, { address: "192.168.1.10" });
          edit(destinations.nas, { address: "192.16.1.13" });
        }),
        {
          says: 'Write "192.168.1.13"',
          edit: ({ destinations }) => edit(destinations.nas, { address: "192.168.1.13" }),
        },
      ),
      mended(
        example("two receivers, one of them with a Secret that isn't there", ({ receivers, layers }) => {
          edit(layers["offsite-sync"][0], { alert: { receiver: "urgent" } });
          receivers["urgent"] = {
            kind: "slack",
            channel: "#urgent",
            webhookSecret: { name: "watcdog", key: "urgent" },
          };
        }),
        {
          says: 'Write "watchdog" in receivers.urgent.webhookSecret.name',
          edit: ({ receivers }) => {
            if (receivers["urgent"]?.kind === "slack") receivers["urgent"].webhookSecret.name = "watchdog";
          },
        },
        {
          says: 'or "watcdog" in monitoring.deadMan.urlSecret.name',
          edit: ({ monitoring }) => edit(monitoring.deadMan?.urlSecret, { name: "watcdog" }),
        },
      ),
      mended(
        example("books in a folder that isn't there", ({ services }) =>
          edit(services.books?.data[0], { path: "/srv/nfs/boks" }),
        ),
        {
          says: 'Write "/srv/nfs/books"',
          edit: ({ services }) => edit(services.books?.data[0], { path: "/srv/nfs/books" }),
        },
      ),
      mended(
        example(
          "a folder at the NAS that is called after what is sent there, with two letters turned round",
          ({ layers }) => edit(layers["offsite-sync"][0]?.legs[1], { to: "/Backup/nfs/phtoos" }),
        ),
        {
          says: 'Write "/Backup/nfs/photos" in layers["offsite-sync"][0].legs[1].to',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[1], { to: "/Backup/nfs/photos" }),
        },
      ),
      mended(
        example("an API at its usual port, with two digits turned round", ({ clusters }) =>
          edit(clusters.k8s, { api: "https://192.168.1.20:6434" }),
        ),
        {
          says: "Write 6443 there",
          edit: ({ clusters }) => edit(clusters.k8s, { api: "https://192.168.1.20:6443" }),
        },
      ),
    ],
    good: [
      example("names that differ on purpose"),
      example("one service with a word, a folder with a hyphen", ({ services }) =>
        edit(services.books?.data[0], { path: "/srv/nfs/book-s" }),
      ),
      example("a machine in a rented rack, beside those at home", ({ hosts, destinations }) => {
        edit(hosts.pve, { address: "192.168.1.10" });
        edit(destinations.nas, { address: "203.0.113.7" });
      }),
    ],
  },
});

interface Said {
  readonly name: string;
  readonly where: string;
  /** Of two names that are somebody else's, such as providers of mail, neither is a slip of the other. */
  readonly isOthers?: true;
}

/** Where machines and servers answer. */
function addressesOf({ hosts, destinations, firewalls, clusters, monitoring }: Estate): Said[] {
  const machines = Object.entries({ hosts, destinations, firewalls }).flatMap(([section, all]) =>
    Object.entries(all).map(([name, { address }]) => ({
      name: address,
      where: fieldText([section, name, "address"]),
    })),
  );
  const { pushgateway, prometheus, alertmanager, runbooks, dashboards } = monitoring;
  const pages = [
    ...Object.entries(clusters).map(([name, { api }]) => ({ url: api, path: ["clusters", name, "api"] })),
    ...Object.entries({ pushgateway, prometheus, alertmanager, runbooks }).map(([field, url]) => ({
      url,
      path: ["monitoring", field],
    })),
    { url: dashboards?.grafana, path: ["monitoring", "dashboards", "grafana"] },
  ].flatMap(({ url, path }) =>
    url === undefined ? [] : [{ name: new URL(url).hostname, where: fieldText(path) }],
  );
  return [...machines, ...pages];
}

const ipv4 = /^(\d+\.\d+\.\d+)(\.\d+)$/;
/** RFC 1918, and what carriers and overlay networks give (RFC 6598). */
const ofAHouse = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

/** Addresses of the internet that are nearly in a network of the house. Networks of a house may well be called nearly alike. */
function strangers(estate: Estate): Found[] {
  const addresses = addressesOf(estate);
  const networks = new Set(
    addresses.flatMap(({ name }) => (ofAHouse.test(name) ? [ipv4.exec(name)?.[1] ?? []].flat() : [])),
  );
  return addresses.flatMap(({ name, where }) => {
    const [, network, rest] = ipv4.exec(name) ?? [];
    if (network === undefined || ofAHouse.test(name)) return [];
    const near = [...networks].find(each => isSlip(network, each));
    if (near === undefined) return [];
    const meant = `${near}${rest}`;
    return [
      {
        subject: name,
        message: `${where} is at "${name}", an address of the internet, and other machines of the estate are at ${near}.*. Did you mean "${meant}"?`,
        fix: `Write "${meant}" in ${where}.`,
        evidence: { where, meant },
      },
    ];
  });
}

/** A domain of fewer letters is a word of its own: "lan" and "wan". */
const leastDomain = 6;

function domainsOf(estate: Estate): Said[] {
  const ofMachines = addressesOf(estate).flatMap(({ name, where }) => {
    const domain = name.slice(name.indexOf(".") + 1);
    return ipv4.test(name) || domain === name ? [] : [{ name: domain, where }];
  });
  const ofMail = Object.entries(estate.receivers).flatMap(([receiver, fields]) =>
    fields.kind === "email"
      ? (["to", "from"] as const).map(field => ({
          name: fields[field].slice(fields[field].indexOf("@") + 1).toLowerCase(),
          where: fieldText(["receivers", receiver, field]),
          isOthers: true as const,
        }))
      : [],
  );
  return [...ofMachines, ...ofMail].filter(({ name }) => name.length >= leastDomain);
}

/** Secrets of the cluster in which Alertmanager finds where to send messages. */
function secretsOf({ receivers, monitoring: { deadMan } }: Estate): Said[] {
  const ofDeadMan = deadMan
    ? [{ name: deadMan.urlSecret.name, where: fieldText(["monitoring", "deadMan", "urlSecret", "name"]) }]
    : [];
  const ofReceivers = Object.entries(receivers).flatMap(([receiver, fields]) =>
    Object.entries(fields).flatMap(([field, value]) =>
      typeof value === "object" && "name" in value
        ? [{ name: value.name, where: fieldText(["receivers", receiver, field, "name"]) }]
        : [],
    ),
  );
  return [...ofDeadMan, ...ofReceivers];
}

/** Of two names that are a letter apart, the one that is said less often, or later, is told of. */
function pairsOf(kind: string, said: readonly Said[]): Found[] {
  const places = new Map<string, string[]>();
  for (const { name, where } of said) places.set(name, [...(places.get(name) ?? []), where]);
  const names = [...places].sort((a, b) => b[1].length - a[1].length).map(([name]) => name);
  const own = new Set(said.flatMap(({ name, isOthers }) => (isOthers ? [] : [name])));
  return names.flatMap((name, index) => {
    const before = names.slice(0, index);
    const meant = wordSlipOf(name, own.has(name) ? before : before.filter(each => own.has(each)));
    if (meant === undefined) return [];
    const [all, others] = [places.get(name) ?? [], places.get(meant) ?? []];
    const [here, there] = [all.join(" and "), others.join(" and ")];
    return [
      {
        subject: name,
        message: `${here} ${all.length > 1 ? "have" : "has"} the ${kind} "${name}", and ${there} ${others.length > 1 ? "have" : "has"} "${meant}", which is the same but for a letter.`,
        fix: `Write "${meant}" in ${here}, or "${name}" in ${there}.`,
        evidence: { kind, where: all[0] ?? "", meant },
      },
    ];
  });
}

/** A channel, or a key of a Secret, that is called after its receiver. */
function ofReceivers({ receivers }: Estate): Found[] {
  return Object.entries(receivers).flatMap(([receiver, fields]) =>
    Object.entries(fields).flatMap(([field, value]) => {
      const [sign, name, path] =
        typeof value === "object" && "key" in value
          ? ["", value.key, [field, "key"]]
          : field === "channel"
            ? ["#", String(value).slice(1), [field]]
            : ["", "", []];
      if (Object.hasOwn(receivers, name) || wordSlipOf(name, [receiver]) === undefined) return [];
      return [
        slip(
          fieldText(["receivers", receiver, ...path]),
          `${sign}${name}`,
          `${sign}${receiver}`,
          "its receiver",
        ),
      ];
    }),
  );
}

/** A dump's folder bears the job's name in most houses; where both were typed, one of the two is the slip. */
function foldersOfDumps(jobs: readonly Job[]): Found[] {
  return jobs.flatMap(({ name, namespace, said, flows }) =>
    flows.flatMap(({ target: { path } }) => {
      const folder = lastOf(path);
      if (namespace === undefined || wordSlipOf(folder, [name]) === undefined) return [];
      const found = slip(
        fieldText([...said, "target", "path"]),
        path,
        beside(path, name),
        `its dump "${name}"`,
      );
      return [{ ...found, severity: "warning" as const, fix: `${found.fix} Or call the dump "${folder}".` }];
    }),
  );
}

/** What a service calls its data by, but for a letter. Under another name there is nothing, or somebody else's data. */
function foldersOfServices({ services }: Estate): Found[] {
  return Object.entries(services).flatMap(([service, { data }]) =>
    data.flatMap((dataset, index) => {
      if (dataset.kind !== "tree") return [];
      const { path } = dataset;
      const folder = lastOf(path);
      if (Object.hasOwn(services, folder) || wordSlipOf(folder, [service]) === undefined) return [];
      const where = fieldText(["services", service, "data", index, "path"]);
      return [
        {
          ...slip(where, path, beside(path, service), "its service"),
          severity: "warning" as const,
        },
      ];
    }),
  );
}

/**
 * A leg's folder at its destination, which is called after what it sends or whose that is. In another one, all is sent anew, and what was
 * there lies about for good.
 */
function foldersOfLegs(jobs: readonly Job[]): Found[] {
  const legs = jobs.flatMap(job => legsOf(job).map(leg => ({ ...leg, host: job.host })));
  const times = new Map<string, number>();
  for (const part of legs.flatMap(({ to }) => [...new Set(to.split("/"))]))
    times.set(part, (times.get(part) ?? 0) + 1);
  return legs.flatMap(({ from, to, said, host }) => {
    const known = [...from.path.split("/").slice(1), host].filter(part => !ofEachMachine.test(part));
    const parts = to.split("/");
    for (const [index, part] of parts.entries()) {
      // What two legs say is called so.
      const meant = times.get(part) === 1 ? meantByLeg(part, known) : undefined;
      if (meant !== undefined)
        return [
          {
            ...slip(
              fieldText(said.target),
              to,
              parts.with(index, meant).join("/"),
              "what it sends, or its host,",
            ),
            severity: "warning" as const,
          },
        ];
    }
    return [];
  });
}

/** Where Linux keeps things says nothing of what they are: "svr" at a NAS is short for a server. */
const ofEachMachine = /^(srv|mnt|var|opt|usr)$/;

/** The part of a path with the word in it that is meant. */
function meantByLeg(part: string, known: readonly string[]): string | undefined {
  const words = wordsOf(part);
  const whole = words.length > 1 ? wordSlipOf(part, known) : undefined;
  if (whole !== undefined) return whole;
  const ours = known.flatMap(wordsOf);
  for (const word of words) {
    if (ours.includes(word)) continue;
    const meant = wordSlipOf(word, ours) ?? ours.find(other => other.length > 2 && isTurned(word, other));
    if (meant !== undefined && part.includes(word)) return part.replace(word, meant);
  }
  return undefined;
}

/** A port that isn't the usual one may be somebody's own: it is asked back, and refused to nobody. */
function ofApis({ clusters }: Estate): Found[] {
  return Object.entries(clusters).flatMap(([name, { api }]) => {
    if (api === undefined || !isTurned(new URL(api).port, "6443")) return [];
    const where = fieldText(["clusters", name, "api"]);
    return [turnedPort(where, new URL(api).port, "6443", "Kubernetes' API")];
  });
}

/** Whom a dump's client asks, and the image that has it. */
function ofDumps({ layers }: Estate): Found[] {
  return Object.entries(layers).flatMap(([layer, parts]) =>
    parts.flatMap((part, index): Found[] => {
      if (!("dump" in part) || !part.dump || part.dump.engine === "command") return [];
      const { engine, image } = part.dump;
      const fieldOf = (...path: string[]): string => fieldText(["layers", layer, index, "dump", ...path]);
      const official = officialMeant(image);
      const port = "server" in part.dump ? part.dump.server.port : undefined;
      const usual = port === undefined ? undefined : portMeant(engine, port);
      return [
        ...(official === undefined
          ? []
          : [
              {
                ...slip(fieldOf("image"), image, official, "an image of Docker's own"),
                severity: "warning" as const,
              },
            ]),
        ...(usual === undefined ? [] : [turnedPort(fieldOf("server", "port"), `${port}`, usual, engine)]),
      ];
    }),
  );
}

function turnedPort(where: string, said: string, meant: string, whose: string): Found {
  return {
    severity: "warning",
    subject: where,
    message: `${where} has the port ${said}, which is ${whose}'s usual ${meant} with two digits turned round. Did you mean ${meant}?`,
    fix: `Write ${meant} there, or, where ${said} is its own, say so in a waiver.`,
    evidence: { where, meant },
  };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function beside(path: string, name: string): string {
  return `${path.slice(0, path.lastIndexOf("/") + 1)}${name}`;
}

function slip(where: string, said: string, meant: string, called: string): Found {
  return {
    subject: said,
    message: `${where} is "${said}", which is called after ${called} but for a letter. Did you mean "${meant}"?`,
    fix: `Write "${meant}" in ${where}.`,
    evidence: { where, meant },
  };
}
