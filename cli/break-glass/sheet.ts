import { basename } from "node:path";
import { renderSVG } from "uqr";
import { usersOfSecret } from "../../checks/secret-users";
import type { Estate } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import { keptOutside } from "../../plan/estate/kept-outside";
import { escaped, table } from "../html";
import type { Sources } from "./contents";
import { disasterPage } from "../../components/runbooks/disaster-page";

/** The set that a sheet is of. */
export interface Made {
  readonly file: string;
  readonly sha256: string;
  readonly madeMs: number;
}

/** A page for paper, as HTML that needs nothing else: each secret as text and as codes to scan, where to go, and what to do first. */
export function sheetOf({ plan, secrets }: Sources, { file, sha256, madeMs }: Made): string {
  const { estate } = plan;
  const name = basename(file);
  const each = keptOutside(estate).map(secret => secretPart(secret, secrets[secret] ?? "", estate));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Break-glass sheet of ${new Date(madeMs).toISOString().slice(0, 10)}</title>
<style>
body { font: 11pt/1.4 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; color: #000; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 10pt; border: 1px solid #777; padding: .5em; }
table { border-collapse: collapse; } td, th { border: 1px solid #777; padding: .2em .5em; text-align: left; overflow-wrap: anywhere; }
section { break-inside: avoid; } figure { display: inline-block; margin: .5em 1em .5em 0; } svg { width: 50mm; height: 50mm; }
</style>
<h1>Break-glass sheet</h1>
<p>Made ${new Date(madeMs).toISOString()}. Whoever holds this page can open every copy that is named on it. Keep it where no fire, thief or
flood reaches it together with the machines.</p>
<h2>The set</h2>
<p>The same secrets, and the programs and pages for each disaster, are in the file <code>${escaped(name)}</code>. On any machine with age and tar:</p>
<pre>sha256sum ${escaped(shellWord(name))}    # ${sha256}
age --decrypt --output set.tar.gz ${escaped(shellWord(name))}    # with --identity KEYS where it has no passphrase
tar xzf set.tar.gz
less README.txt</pre>
<h2>Machines</h2>
${table(["machine", "where", "key"], machinesOf(estate))}
<h2>Secrets</h2>
${each.join("\n")}
<h2>When the site is lost</h2>
<pre>${escaped(disasterPage({ plan, named: ["--estate", "estate.json"] }, "site"))}</pre>
</html>
`;
}

function machinesOf({ hosts, destinations, firewalls, clusters }: Estate): string[][] {
  return [
    ...Object.entries(hosts).map(([name, { address, ssh }]) => [
      name,
      `${ssh.user}@${address}, port ${ssh.port}`,
      ssh.hostKey,
    ]),
    ...Object.entries(destinations).map(([name, { address, user, port, hostKey }]) => [
      name,
      `${user}@${address}, port ${port}`,
      hostKey ?? "",
    ]),
    ...Object.entries(firewalls).map(([name, { address }]) => [name, address, ""]),
    ...Object.entries(clusters).map(([name, { api }]) => [name, api ?? "", ""]),
  ];
}

function secretPart(name: string, text: string, estate: Estate): string {
  const users = usersOfSecret(name, estate);
  const parts = partsOf(text);
  const codes = parts.map((part, index) => {
    const caption = parts.length === 1 ? "" : `<figcaption>part ${index + 1} of ${parts.length}</figcaption>`;
    return `<figure>${renderSVG(part, { ecc: "M", border: 4 })}${caption}</figure>`;
  });
  return `<section><h3>${escaped(name)}</h3>
${users.length === 0 ? "" : `<p>Opens ${escaped(users.join(", "))}.</p>\n`}<pre>${escaped(text)}</pre>
${parts.length > 1 ? "<p>The parts belong one behind the other, with nothing between them.</p>\n" : ""}${codes.join("")}</section>`;
}

/** What a code holds that a telephone still reads from paper. */
const mostBytes = 300;

/** A text in parts that each fit into a code; no character is cut. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (const char of text) {
    if (Buffer.byteLength(part + char) > mostBytes) {
      parts.push(part);
      part = "";
    }
    part += char;
  }
  return [...parts, part];
}
