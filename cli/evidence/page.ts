import { counted } from "../../checks/wording";
import type { DrillRecord } from "../../plan/contracts/drill-record";
import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import { ageOf, comparedText } from "../drill/print";
import { escaped, table } from "../html";
import type { Dossier, HostEvidence } from "./dossier";

/** A dossier as a page that needs nothing else. */
export function pageOf(dossier: Dossier): string {
  const { made, since, estate, hosts, services } = dossier;
  const time = since === null ? "all that is on record" : `from ${since} on`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Restores proved in ${escaped(estate)}, ${made.slice(0, 10)}</title>
<style>
body { font: 11pt/1.4 sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #000; background: #fff; }
table { border-collapse: collapse; font-size: 9pt; } td, th { border: 1px solid #777; padding: .2em .5em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
</style>
<h1>Restores proved in ${escaped(estate)}</h1>
<p>Made ${made}, of ${time}. Each drill restored a copy for real, beside the data, compared what came back, and took it down again. Times are UTC.</p>
<h2>Services</h2>
${table(
  [
    "service",
    "proved last",
    "copies that are drilled",
    "not proved in that time",
    "no drill proves",
    "failed when it was drilled last",
  ],
  services.map(({ service, proved, copies, notProved, undrilled, failed }) => [
    service,
    proved ?? "not proved",
    copies.length === 0 ? "none: no job drills a copy of it" : copies.join(", "),
    notProved.join(", "),
    undrilled.join(", "),
    failed.map(({ copy, at }) => `${copy}, ${at}`).join("; "),
  ]),
)}
<p>"Proved last" is that of its copies whose proof is the oldest; a service of which one dataset comes back by no drill isn't proved, also where the files of its dumps did.</p>
${hosts.map(hostPart).join("\n")}
<h2>What this says, and what it doesn't</h2>
<p>Each record names the hash of the one before: one that was changed, removed, put in or moved is seen. Whoever is root on the host can write all of
them anew, as can a job of a cluster in whose folder of dumps they lie, and that is seen only by holding them to what was noted elsewhere: an earlier dossier, kept where the host can't reach it. Of a copy of which a
part was drilled, nothing is said of the other files.</p>
<p>The JSON file beside this page has each record as it stands on the host, as "lines": sixty-four hexadecimal digits, a blank, and a JSON text, of whose bytes
they are the SHA-256; its "previous" is that of the line before.</p>
</html>
`;
}

function hostPart({ host, job, state, records, head, faults, notes, drills }: HostEvidence): string {
  const words = {
    sound: "The records hang together.",
    broken: "THE RECORDS ARE NOT THOSE THAT WERE WRITTEN.",
    unknown: "Nothing is known of them.",
  }[state];
  const list = [...faults, ...notes].map(text => `<li>${escaped(text)}</li>`).join("");
  return `<h2>${escaped(job)} of ${escaped(host)}</h2>
<p><b>${words}</b> ${head === null ? "None is there." : `${records} in all, the last one is number ${head.number} with the hash <code>${escaped(head.hash)}</code>.`}</p>
${list === "" ? "" : `<ul>${list}</ul>\n`}${table(
    ["no.", "when", "what", "result", "copy", "its age", "restored", "took", "compared", "release"],
    drills.map(row),
  )}`;
}

function row(record: DrillRecord): string[] {
  const { number, at, tier, of, result, reason, copy, scope, restored, whole, dumps, seconds, release } =
    record;
  const ageMs = ageOf(record);
  return [
    ...[String(number), at, `${of} (${tier})`, result === "proved" ? "proved" : `FAILED: ${reason ?? ""}`],
    ...[copy.path, ageMs === undefined ? "not known" : formatDuration(Math.max(0, ageMs))],
    (scope === "whole"
      ? `all: ${dumps ? `${counted(dumps.length, "dump")} into an empty server (${dumps.map(({ file }) => file).join(", ")})` : `${whole.entries} entries`}, ${formatSize(whole.bytes)}`
      : `a part: ${restored.entries} files, ${formatSize(restored.bytes)} of ${formatSize(whole.bytes)}`) +
      (copy.lacks > 0 ? "; the copy is known to lack something" : ""),
    `${seconds.restore} s, and ${seconds.compare} s to compare`,
    comparedText(record),
    release,
  ];
}
