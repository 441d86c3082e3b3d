import type { Estate, Plan } from "../../plan";
import { type Domain, domains } from "../../plan/estate/services";
import { type Loss, lossesOf } from "../../plan/graph/loss";
import { hostsOf } from "../../plan/installed";
import type { Job } from "../../plan/job";
import { runbookPagesFolder } from "../../plan/contracts/runbook-pages";
import { fingerprintOf } from "../../plan/fingerprint";
import { sshTo } from "../../plan/estate/ssh-to";
import { lossCell } from "../../plan/graph/loss-words";
import { type Situation, situations } from "./disasters";
import { holdfast, type PageOf } from "./page-of";
import { block, code, plain, table } from "./markdown";

/** Where somebody begins who was woken: what happened, and which page is for that. */
export function overviewPage(of: PageOf, makers: readonly Job[]): string {
  const { plan } = of;
  const { breakGlass, monitoring } = plan.estate;
  const asked = askedOf(plan.estate);
  return [
    "# What happened?",
    "Go down this list, and take the first that is so. Each page works without a network, and on paper.",
    asked
      .map(([domain, { ask, title }], index) => `${index + 1}. ${ask} [${title}](disasters/${domain}.md)`)
      .join("\n"),
    tree(asked),
    `## Where it is typed\n\n${machinesText(plan.estate)}`,
    "## One file, or one service",
    "Every version that is there, and one of them back:",
    block([`${holdfast(of, "find")} SERVICE`]),
    block([`${holdfast(of, "restore")} SERVICE --dry-run`]),
    block([`${holdfast(of, "restore")} SERVICE --at "YYYY-MM-DD HH:MM"`]),
    "A path, as it was, stands in SERVICE's place for one file or folder.",
    `An alert's name leads to its page: ${code(`${monitoring.runbooks.replace(/\/$/, "")}/ALERT`)}.`,
    `## Where the secrets are\n\n${
      breakGlass
        ? `The break-glass set: ${plain(breakGlass.where)}. Last proven ${breakGlass.proven ?? "never"}.`
        : "The estate names no break-glass set: with the password store, what it opens is lost."
    }`,
    fileSystemsText(plan.estate),
    ...placesOfPages(plan),
    "## What each disaster costs, at worst",
    matrix(plan),
    `- "-": nothing is lost. "ALL": no copy outlives it.\n- [Pictures](pictures.md): which way each byte goes, and the night's runs.`,
    "## By service",
    Object.keys(plan.estate.services)
      .map(service => `- [${plain(service)}](services/${service}.md)`)
      .join("\n"),
    "## By what has made the copy",
    makers.map(job => `- [${plain(job.called)}](from/${job.called}.md)`).join("\n"),
  ].join("\n\n");
}

/** How whoever doesn't know the house gets to each of its machines. */
function machinesText(estate: Estate): string {
  const { hosts, destinations, firewalls } = estate;
  const rows = [
    ...Object.entries(hosts).map(([name, { ssh }]) => [
      code(name),
      code(sshTo(estate, name)),
      code(fingerprintOf(ssh.hostKey)),
    ]),
    ...[...Object.entries(destinations), ...Object.entries(firewalls)].map(([name, { address }]) => [
      code(name),
      `at ${code(address)}`,
      "",
    ]),
  ];
  return `\`holdfast\` on a machine that reaches all others, in the folder that the estate is deployed from, or in which \`holdfast runbooks\` was called for these pages; a clone of Holdfast has it as \`npm run --silent holdfast --\`. Where there is none, each page has the steps by hand.

\`kubectl\`, 1.21 or later, on a machine that reaches the cluster. All else on the machine that the step names, as root:

${table(["machine", "how to get there", "its key, which ssh asks about the first time"], rows)}`;
}

/** A new disk gets them, as no job takes another file system for the one that it knows. */
function fileSystemsText({ hosts }: Estate): string {
  const rows = Object.entries(hosts).flatMap(([host, { filesystems }]) =>
    Object.entries(filesystems).map(([path, { disk, fsUuid }]) => [
      code(host),
      code(path),
      code(disk),
      code(fsUuid),
    ]),
  );
  return `## File systems

A new disk gets the UUID of the one in whose place it stands: \`mkfs.ext4 -U UUID\`, \`mkfs.xfs -m uuid=UUID\`.

${table(["host", "mounted at", "disk", "UUID"], rows)}`;
}

/** They are on what somebody can still get to, whatever else is lost. */
function placesOfPages(plan: Plan): string[] {
  const folder = `${runbookPagesFolder}/${plan.estate.name}`;
  const copies = plan.copies.filter(({ dataset }) => dataset.kind === "configuration");
  const rows = [
    ...hostsOf(plan).map(host => [code(host), code(folder)]),
    ...copies.map(({ location }) => [
      code(location.machine.name),
      code(`${location.path}/NEWEST/files${folder}`),
    ]),
  ];
  if (rows.length === 0) return [];
  const isElsewhere = copies.some(({ location }) => location.machine.kind !== "host");
  return [
    `## Where these pages are

A deployment puts them on each host. From there they go where the host's configuration goes, in the newest of its folders; root alone reads them.${isElsewhere ? "" : " **No copy of them leaves the hosts**, as none of a host's configuration does: keep one elsewhere, or on paper."}

${table(["machine", "folder"], rows)}`,
  ];
}

type Asked = readonly (readonly [string, Situation])[];

/** Without those of what the estate hasn't. */
function askedOf({ clusters, destinations }: Estate): Asked {
  return Object.entries(situations).filter(
    ([domain]) =>
      (domain !== "cluster" || Object.keys(clusters).length > 0) &&
      (domain !== "nas" || Object.keys(destinations).length > 0),
  );
}

/** The same questions as a picture. */
function tree(all: Asked): string {
  const lines = all.flatMap(([domain, { ask, title }], index) => {
    const next = all[index + 1] === undefined ? "none" : `q${index + 1}`;
    return [
      `  q${index}{"${ask}"} -- yes --> a${index}["${title}: disasters/${domain}.md"]`,
      `  q${index} -- no --> ${next}`,
    ];
  });
  return block(["flowchart TD", ...lines, '  none["No disaster: see the alert\'s own page"]'], "mermaid");
}

function matrix(plan: Plan): string {
  const losses = lossesOf(plan).filter(({ leftOut }) => !leftOut);
  const of = (service: string, domain: Domain): Loss | undefined =>
    losses.find(loss => loss.service === service && loss.domain === domain);
  const services = [...new Set(losses.map(({ service }) => service))];
  return table(
    ["service", ...domains],
    services.map(service => [
      `[${plain(service)}](services/${service}.md)`,
      ...domains.map(domain => lossCell(of(service, domain))),
    ]),
  );
}
