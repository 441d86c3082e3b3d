import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { name } from "../../plan/estate/fields";
import { EstateInvalid, parseEstate } from "../../plan";
import { listed } from "../../plan/contracts/listed";
import { shellWord } from "../../plan/contracts/shell-word";
import { BadInput } from "../bad-input";
import { refuseExisting, writeNew } from "../new-file";
import type { CommandSpec, Context, Outcome } from "../command";
import { clusterBy } from "../discover/cluster";
import { draftOf, fileText } from "../discover/estate";
import { hostIn } from "../discover/host";
import { type FoundNas, nasIn } from "../discover/nas";
import { plainOf } from "../discover/noted";
import { nameOf } from "../discover/name-of";
import { dataMounts } from "../discover/places";
import {
  answersIn,
  foldersIn,
  foldersText,
  nasQuestions,
  questions,
  questionsText,
} from "../discover/questions";
import type { Found } from "../discover/services";
import { type Way, wayOf } from "../discover/way";
import { keyFlag, onMachine, type Target } from "../host-shell";
import { clusterFlags, clusterOptions } from "../kubectl";
import { keyFault } from "../../plan/estate/host-key";
import { check } from "./check";

const hostKey = z
  .string()
  .refine(
    key => /^ssh-ed25519 [A-Za-z0-9+/=]+$/.test(key) && keyFault(key) === undefined,
    "expected a whole public key as `ssh-keyscan -t ed25519 HOST` prints it",
  )
  .optional();
const port = z.coerce.number().int().min(1).max(65535).default(22);
const options = z.object({
  ...{ host: z.string(), hostKey, port },
  ...{ nas: z.string().optional(), nasHostKey: hostKey, nasPort: port },
  key: z.string().optional(),
  to: z.string().default("estate.ts"),
  json: z.boolean().default(false),
  ...clusterOptions,
});
type Options = z.output<typeof options>;

/** `holdfast discover`: an estate to edit, of what a host and a cluster say that they have. */
export const discover: CommandSpec<Options> = {
  name: "discover",
  summary:
    "Write an estate of what a host and a cluster say that they have, with a TODO at each guess; it changes nothing there",
  flags: [
    ["--host <user@address>", "the host, asked over SSH"],
    ["--host-key <key>", "its public key (by default this machine's known hosts tell it)"],
    ["--port <number>", "of its SSH server (by default 22)"],
    ["--nas <user@address>", "a NAS, or another machine that keeps copies, asked over SSH too"],
    ["--nas-host-key <key>", "its public key, likewise"],
    ["--nas-port <number>", "of its SSH server, likewise"],
    keyFlag,
    ...clusterFlags,
    [
      "--to <file>",
      "the file that is written, .ts or .json (by default estate.ts); one that is there is compared",
    ],
    ["--json", "for machines"],
  ],
  required: ["host"],
  options,
  async run(given, context) {
    const file = resolve(context.folder, given.to);
    if (!/\.(ts|json)$/.test(file))
      throw new BadInput(
        `--to: "${given.to}" is no estate's file, expected one that ends with .ts or .json.`,
      );
    if (existsSync(file)) return compared(given, file, context);
    const way = wayOf("--host", given.host, given.port);
    const nasWay = given.nas === undefined ? undefined : wayOf("--nas", given.nas, given.nasPort);
    const seen = await foundOn(targetOf(way, given.hostKey), nasWay, given);
    if ("cause" in seen) return nothingWritten(seen.cause, given);
    const { found, unseen } = seen;
    const draft = draftOf(found, way, new Date(context.nowMs).getUTCFullYear());
    const made = accepted(draft.estate);
    if ("faults" in made) return nothingWritten(untaken(way.address, made.faults), given);
    const { estate, refused } = made;
    const text = file.endsWith(".json")
      ? `${JSON.stringify(plainOf(estate), undefined, 2)}\n`
      : fileText({ ...draft, estate }, found);
    const asked = { flag: "--to", path: file };
    refuseExisting(asked);
    // Whole or not at all: a next run takes what is there for somebody's estate.
    writeNew([{ ...asked, bytes: Buffer.from(text) }]);
    const unasked = [
      ...(isClusterAsked(given) ? [] : ["a cluster, as none was named: --kubeconfig FILE"]),
      ...(nasWay
        ? []
        : ["a NAS, as none was named: --nas USER@ADDRESS. No copy leaves the house without one elsewhere"]),
    ];
    // A second run would compare with the file, and ask whom that names.
    const missed = [
      ...(nasWay && !found.nas ? ["the NAS"] : []),
      ...(isClusterAsked(given) && !found.cluster ? ["the cluster"] : []),
    ].map(
      what =>
        `${what} in ${shellWord(given.to)}: once it answers, remove that file and ask again, as what is there is compared and nothing added`,
    );
    const all = [...unseen, ...missed, ...unasked, ...draft.left, ...refused, ...unmeasured(estate)];
    return { text: told(given, all, estate, text), exitCode: unseen.length === 0 ? 0 : 3 };
  },
};

function nothingWritten(cause: string, { json }: Options): Outcome {
  const nothing = { file: null, services: [], todos: 0, unseen: [cause], next: [] };
  return { text: json ? JSON.stringify(nothing, undefined, 2) : cause, exitCode: 3 };
}

function targetOf(way: Way, key: string | undefined): Target {
  return { address: way.address, ssh: { ...way, ...(key !== undefined && { hostKey: key }) } };
}

/** What no machine says at one look. */
function unmeasured(estate: Readonly<Record<string, unknown>>): string[] {
  const services = Object.entries(plainOf(estate["services"]) as Record<string, { data: readonly object[] }>);
  const without = services.flatMap(([service, { data }]) =>
    data.every(each => "churnPerDay" in each) ? [] : [service],
  );
  return [
    ...(without.length === 0 ? [] : [`how much changes each day (churnPerDay) of ${listed(without, 5)}`]),
    "how much grows each day: growthPerDay of each dataset",
  ];
}

function isClusterAsked({ kubeconfig, context }: Options): boolean {
  return kubeconfig !== undefined || context !== undefined;
}

async function foundOn(
  target: Target,
  nasWay: Way | undefined,
  asked: Options,
): Promise<{ found: Found; unseen: readonly string[] } | { cause: string }> {
  const { key, kubeconfig, context: of } = asked;
  const [ended, cluster, nas] = await Promise.all([
    onMachine(target, questionsText(questions), key),
    isClusterAsked(asked) ? clusterBy({ kubeconfig, context: of }) : undefined,
    nasWay && nasBy(nasWay, asked),
  ]);
  if (ended.exitCode !== 0)
    return { cause: unreached(target, ended.stderr, { so: " Nothing was written.", flag: "--host-key" }) };
  const said = hostIn(answersIn(ended.stdout, questions));
  // Its server may have another key than the file that it told.
  const host = { ...said, hostKey: target.ssh.hostKey ?? said.hostKey };
  if (host.disks.length === 0 || host.hostKey === undefined)
    return {
      cause: `${target.address} didn't tell its disks or its host key (${host.unanswered.join("; ") || "no Ed25519 key"}), without which there is no estate. Nothing was written. Next: the same as root`,
    };
  const places = dataMounts(host);
  const walked = places.length === 0 ? undefined : await onMachine(target, foldersText(places), key);
  const { folders, unlisted } = foldersIn(walked?.stdout ?? "", places);
  const called = name.safeParse(host.name).success ? host.name : (nameOf(host.name) ?? "host");
  return {
    found: {
      ...{ host, called, folders, cluster: cluster && "cause" in cluster ? undefined : cluster },
      nas: nas?.found,
    },
    unseen: [
      ...host.unanswered,
      ...(target.ssh.user === "root" ? [] : [`cron entries that ${target.ssh.user} may not read`]),
      ...unlisted.map(place => `find, of what is at ${place}`),
      ...(cluster === undefined
        ? []
        : "cause" in cluster
          ? [`the cluster: ${cluster.cause}`]
          : cluster.unanswered),
      ...(nas?.unseen ?? []),
    ],
  };
}

function sshTo({ user, address, port }: Way): string {
  return `ssh -p ${port} ${user}@${address}`;
}

async function nasBy(
  way: Way,
  { key, nasHostKey }: Options,
): Promise<{ found: FoundNas | undefined; unseen: readonly string[] }> {
  const target = targetOf(way, nasHostKey);
  const ended = await onMachine(target, questionsText(nasQuestions), key);
  if (ended.exitCode !== 0)
    return {
      found: undefined,
      unseen: [`the NAS: ${unreached(target, ended.stderr, { so: "", flag: "--nas-host-key" })}`],
    };
  const answers = answersIn(ended.stdout, nasQuestions);
  const found = nasIn(answers, way, nasHostKey);
  if (found === undefined)
    return {
      found,
      unseen: [
        `the NAS: df told of no volume for copies at ${way.address}. Next: ${sshTo(way)} '${nasQuestions.room}; timeout 1 base64 --wrap=0 /dev/null'`,
      ],
    };
  const unseen =
    found.system !== undefined && answers.shares === undefined ? ["find, of the NAS's shares"] : [];
  return { found, unseen };
}

function unreached(
  { address: at, ssh: { user: who, port } }: Target,
  stderr: string,
  { so, flag }: { so: string; flag: string },
): string {
  const said =
    stderr.trim().split("\n").at(-1)?.replace(/\.$/, "") || "it didn't answer, and ssh said nothing";
  const go = `${sshTo({ user: who, address: at, port })} true`;
  const next = /host key/i.test(said)
    ? `${go}, and compare the fingerprint with what \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` says at the host; or ${flag}`
    : go;
  return `${at} wasn't asked: ${said}.${so} Next: ${next}`;
}

/** Nobody has this estate yet who could mend it. */
function untaken(address: string, faults: EstateInvalid["faults"]): string {
  const [first, ...more] = faults.map(
    ({ path, value, problem }) => `${path.replace(/^estate\.?/, "")}: ${value} ${problem}`,
  );
  const others = more.length === 0 ? "" : `; and ${more.length} more`;
  return `${address} told what no estate takes: ${first}${others}. Nothing was written. Next: mend that there, or holdfast init, which writes an estate to edit`;
}

/** Without services that the schema refuses after all: whatever a host calls its things, the file can be read. */
function accepted(
  estate: Readonly<Record<string, unknown>>,
):
  | { readonly estate: Readonly<Record<string, unknown>>; readonly refused: readonly string[] }
  | { readonly faults: EstateInvalid["faults"] } {
  try {
    parseEstate(plainOf(estate));
    return { estate, refused: [] };
  } catch (error) {
    if (!(error instanceof EstateInvalid)) throw error;
    const services = Object.entries(estate["services"] as Readonly<Record<string, unknown>>);
    const refusal = (key: string): string | undefined =>
      error.faults.find(
        ({ path }) =>
          path.startsWith(`estate.services.${key}.`) || path.startsWith(`estate.services["${key}"]`),
      )?.problem;
    const left = services.filter(([key]) => refusal(key) === undefined);
    if (left.length === services.length) return { faults: error.faults };
    const next = accepted({ ...estate, services: Object.fromEntries(left) });
    if ("faults" in next) return next;
    const refused = services
      .map(([key]) => ({ key, problem: refusal(key) }))
      .filter(({ problem }) => problem !== undefined)
      .map(({ key, problem }) => `${key}, which an estate doesn't take: ${problem}`);
    return { estate: next.estate, refused: [...refused, ...next.refused] };
  }
}

/** One that is there is somebody's: what is new or gone is what `check --live` says. */
async function compared(given: Options, file: string, context: Context): Promise<Outcome> {
  const { json, key, kubeconfig, context: of } = given;
  const asked = {
    estate: file,
    json,
    format: "text",
    all: false,
    live: true,
    key,
    kubeconfig,
    context: of,
  } as const;
  const { text, exitCode } = await check.run({ ...asked, stack: undefined }, context);
  if (json) return { text, exitCode };
  return {
    text: `${given.to} is there already, and stays as it is. The same as holdfast check --live says, of the hosts that it names:\n\n${text}`,
    exitCode,
  };
}

function told(
  { to, json, kubeconfig, context, key }: Options,
  unseen: readonly string[],
  estate: Readonly<Record<string, unknown>>,
  text: string,
): string {
  const services = Object.keys((plainOf(estate) as { services: object }).services);
  const todos = text.split("TODO").length - 1;
  const more = [
    ...(key === undefined ? [] : ["--key", key]),
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
  const typed = (...words: readonly string[]): string => ["holdfast", ...words.map(shellWord)].join(" ");
  const next = [
    typed("check", "--estate", to),
    typed("check", "--live", "--estate", to, ...more),
    typed("rpo", "--estate", to),
  ];
  const isJson = to.endsWith(".json");
  const notes = isJson
    ? ", and no word on what is a guess, for which JSON has no place"
    : ` and ${todos} TODO`;
  if (json) return JSON.stringify({ file: to, services, todos, unseen, next }, undefined, 2);
  return [
    `Written: ${to}, with ${services.length} services${notes}. Nothing was changed on the host or in the cluster.`,
    "",
    "Not seen:",
    ...unseen.map(line => `  ${line}`),
    "",
    `Next: edit ${isJson ? "each guess" : "each TODO"} in ${to}, then`,
    ...next.map(command => `  ${command}`),
  ].join("\n");
}
