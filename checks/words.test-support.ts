import type { Plan } from "../plan";
import { strangeWords } from "../plan/estate/words.test-support";
import type { Finding } from "./check";

/** How a next step begins: what to do, as one would say it to somebody at a keyboard. */
const steps =
  /^(Add|Ask|Call|Choose|Compare|Correct|Divide|Extend|Give|Join|Keep|Leave|Let|Look|Lower|Make|Mend|Move|Pin|Promise|Put|Raise|Remove|Rename|Replace|Run|Say|Select|Send|Set|Shorten|So that|Spell|Start|Swap|Take|Tell|Turn|Use|Watch|Write)\b/;

/** Rules of a finding's text, each with whether it is kept: subject, fact, what is safe, next step, words. */
export function faultsOfFinding({ subject, message, fix }: Finding, { estate, jobs }: Plan): string[] {
  const lower = message.toLowerCase();
  const [name = ""] = subject.split("@");
  const faults: string[] = [];
  const isNamed = name === estate.name || name.split("/").every(part => lower.includes(part.toLowerCase()));
  if (!isNamed) faults.push("doesn't name its subject");
  if (!/^\S.*[.?]$/s.test(message)) faults.push("isn't a sentence");
  const names = [
    estate.hosts,
    estate.destinations,
    estate.firewalls,
    estate.services,
    estate.secrets,
    estate.receivers,
    Object.fromEntries(jobs.map(({ called }) => [called, true])),
  ].flatMap(Object.keys);
  const named = names.filter(each => lower.includes(each.toLowerCase()));
  // A number, a name or place that can be looked up, or what there is none of.
  if (!/\d|"[^"]+"|:\/|\w_\w|\w\.\w|\b(no|nobody|isn't|itself)\b/.test(message) && named.length < 2)
    faults.push("has neither a number nor names");
  // Who reads that something deletes wonders whether it has.
  if (
    /\bdeletes in both\b|\bdeletes there what\b/.test(message) &&
    !message.includes("Nothing has been changed")
  )
    faults.push("doesn't say that nothing was changed");
  if (!steps.test(fix) || !/[.)]$/.test(fix)) faults.push(`has no next step: ${fix}`);
  return [...faults, ...strangeWords(message), ...strangeWords(fix)];
}
