import { estateJsonSchema } from "./json-schema";

/** Words of the program and of its libraries; camelCase ones are known by their shape. */
const internal =
  /\b(undefined|null|NaN|Infinity|zod|enum|boolean|discriminator|edge|flow|trigger|node:[a-z]\w*|regex|regexp|callback|promise rejection|stack trace)\b|\[object|\bInvalid (input|key|option|type)\b/;

const schema = JSON.stringify(estateJsonSchema());

/** What breaks a rule in a text that an operator reads: no word of the program, and no field that an estate doesn't have. */
export function strangeWords(text: string): string[] {
  const found = internal.exec(text);
  // What is quoted, a query or a command is somebody's own text.
  const own = text.replace(/"[^"]*"|`[^`]*`|\S*[{(][^)}]*[)}]\S*/g, "");
  const fields = (own.match(/\b(?!kB\b)[a-z]+[A-Z]\w*\b/g) ?? []).filter(
    word => !schema.includes(`"${word}"`),
  );
  return [...(found ? [found[0]] : []), ...fields, ...(/ {2}|\t/.test(text) ? ["two blanks"] : [])];
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
