import { z } from "zod";
import type { Plan } from "../plan";
import { estateSchema } from "../plan/estate/schema";
import type { Finding } from "./check";

/** How a next step begins: what to do, as one would say it to somebody at a keyboard. */
const steps =
  /^(Add|Ask|Call|Choose|Compare|Correct|Divide|Extend|Give|Join|Keep|Leave|Let|Look|Lower|Make|Mend|Move|Pin|Promise|Put|Raise|Remove|Rename|Replace|Run|Say|Select|Send|Set|Shorten|So that|Spell|Start|Swap|Take|Tell|Turn|Use|Watch|Write)\b/;

/** Words of the program and of its libraries; camelCase ones are known by their shape. */
const internal =
  /\b(undefined|null|NaN|Infinity|zod|enum|boolean|discriminator|edge|flow|trigger|node:\w+|regex|regexp|callback|promise rejection|stack trace)\b|\[object|\bInvalid (input|key|option|type)\b/;

const schema = JSON.stringify(z.toJSONSchema(estateSchema, { io: "input", unrepresentable: "any" }));

/** What breaks a rule in a text that an operator reads: no word of the program, and no field that an estate doesn't have. */
export function strangeWords(text: string): string[] {
  const found = internal.exec(text);
  // What is quoted, a query or a command is somebody's own text.
  const own = text.replace(/"[^"]*"|`[^`]*`|\S*[{(][^)}]*[)}]\S*/g, "");
  const fields = (own.match(/\b[a-z]+[A-Z]\w*\b/g) ?? []).filter(word => !schema.includes(`"${word}"`));
  return [...(found ? [found[0]] : []), ...fields, ...(/ {2}|\t/.test(text) ? ["two blanks"] : [])];
}

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

/** Rules of a refusal's line: what is wrong, what may stand there or what to type, and no word of the library that found it. */
export function faultsOfRefusal(problem: string): string[] {
  const faults = strangeWords(problem);
  if (
    !/expected|example|e\.g\.|did you mean|known:|allowed:|keep one|remove|add it|pin its|give each|isn't one of/i.test(
      problem,
    )
  )
    faults.push(`has no next step: ${problem}`);
  return faults;
}
