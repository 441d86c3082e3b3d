import { createHash } from "node:crypto";
import { visible } from "../../plan/visible";
import { escaped } from "../html";
import { findingsPart } from "./findings";
import { heatPart } from "./heat";
import { keptPart } from "./kept";
import { clockText } from "./moment";
import { nightPart } from "./night";
import { nowPart, provedPart } from "./now";
import type { Reported } from "./reported";
import { routesPart } from "./routes";
import { pageScript } from "./script";
import { storesPart } from "./stores";
import { pageStyle } from "./style";
import { whatIfPart } from "./what-if";

/** How a report begins: what doesn't was written by somebody else. */
export const reportMark =
  "<!doctype html>\n<!-- Written by holdfast report; the next one takes its place. -->\n";

interface Part {
  readonly id: string;
  readonly title: string;
  html(of: Reported): string;
}

const parts: readonly Part[] = [
  { id: "findings", title: "Findings", html: findingsPart },
  { id: "losses", title: "What a disaster costs", html: heatPart },
  { id: "then", title: "If it happens then", html: whatIfPart },
  { id: "night", title: "The night", html: nightPart },
  { id: "stores", title: "Stores", html: storesPart },
  { id: "kept", title: "What is kept", html: keptPart },
  { id: "routes", title: "Routes, from disk to disk", html: routesPart },
];

/** What hosts and clusters said stands first: it may be a reason to get up. */
function partsOf({ live }: Reported): readonly Part[] {
  if (!live) return parts;
  return [
    { id: "now", title: "How it stands", html: of => nowPart(of, live) },
    ...parts,
    { id: "proved", title: "Restores that were proved", html: of => provedPart(of, live) },
  ];
}

/**
 * An estate as one page that needs nothing else: no network, no script to be read, and it prints. The same estate gives the same page on
 * the same day, to the byte, where no host was asked. Its policy lets nothing in but its own style and script, whatever an estate's texts hold.
 */
export function reportPage(of: Reported): string {
  const { estate, jobs } = of.plan;
  const shown = partsOf(of);
  const services = Object.keys(estate.services).length;
  const day = clockText(of.asOfMs, estate.zone).slice(0, 10);
  const script = createHash("sha256").update(pageScript).digest("base64");
  const style = createHash("sha256").update(pageStyle).digest("base64");
  const page = `${reportMark}<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${style}'; script-src 'sha256-${script}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Holdfast: ${escaped(estate.name)}, ${day}</title>
<style>${pageStyle}</style>
</head>
<body>
<a class="skip" href="#findings">To the findings</a>
<header><h1>${escaped(estate.name)}</h1>
<p>As of ${day}. ${services} services, ${jobs.length} jobs. Times are those of ${escaped(estate.zone)}.</p>
<nav aria-label="Parts"><ul>${shown.map(({ id, title }) => `<li><a href="#${id}">${title}</a></li>`).join("")}</ul></nav></header>
<main>
${shown.map(({ id, title, html }) => `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${html(of)}\n</section>`).join("\n")}
</main>
<script>${pageScript}</script>
</body>
</html>
`;
  return visible(page);
}
