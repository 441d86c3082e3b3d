/** Whether this is `npm run test:long`, which walks what `npm test` tries a part of. */
export const long = process.env["HOLDFAST_LONG"] === "1";

/** A test of a class of which `npm test` has another one: the dearer of the two. */
export const testLong = (name: string, body: () => Promise<void>): void => {
  if (long) test(name, body);
};
