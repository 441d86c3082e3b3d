/** Whether this is `npm run test:long`, which walks what `npm test` tries a part of. */
export const long = process.env["HOLDFAST_LONG"] === "1";

/** Of the cases of one class: the first few in `npm test`, those that tell most; all of them in `npm run test:long`. */
export const inTime = <const Case>(few: number, cases: readonly Case[]): readonly Case[] =>
  long ? cases : cases.slice(0, few);

/** A test of a class of which `npm test` has another one: the dearer of the two. */
export const testLong = (name: string, body: (() => void) | (() => Promise<void>)): void => {
  if (long) test(name, body);
};
